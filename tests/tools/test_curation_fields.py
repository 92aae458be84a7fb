"""What has to be given of an item before it is created, and what is found wrong in it."""

from pathlib import Path

import pytest

from tests.tools.new_items import CURATION, DATASET, MODEL, PERSON
from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import call, failure, sample_client

VALIDATE_MODEL = "/registry-api/registry/entity/model/validate"


@pytest.mark.asyncio
async def test_without_an_item_the_fields_are_told(tmp_path: Path):
    async with sample_client(tmp_path, **CURATION) as client:
        shown = await call(client, "create_item", item_subtype="MODEL_RUN_WORKFLOW_TEMPLATE")
        untold = await failure(client, "create_item")
    assert shown["missing"] == ["display_name", "software_id"]
    assert shown["fields"] == [
        "display_name*",
        "user_metadata",
        "software_id*",
        "input_templates[].template_id*",
        "input_templates[].optional",
        "output_templates[].template_id*",
        "output_templates[].optional",
        "annotations.required[]",
        "annotations.optional[]",
    ]
    assert (untold["parameter"], untold["message"]) == (
        "item_subtype",
        "item_subtype is needed: what is to be created.",
    )


@pytest.mark.asyncio
async def test_everything_wrong_is_told_at_once_with_what_may_be_meant(tmp_path: Path):
    async with sample_client(tmp_path, **CURATION) as client:
        person = await call(
            client,
            "create_item",
            item_subtype="PERSON",
            item={**PERSON, "email": "ada", "oricd": "https://orcid.org/0"},
        )
        template = await call(
            client,
            "create_item",
            item_subtype="MODEL_RUN_WORKFLOW_TEMPLATE",
            item={
                "display_name": "Again",
                "software_id": "LagoonFlow",
                "input_templates": [{"template_id": "sample/1000006"}],
            },
        )
    assert person["problems"] == [
        {
            "path": "oricd",
            "message": "Such an item has no field 'oricd'. Did you mean 'orcid'?",
            "candidates": [{"id": "orcid"}],
        },
        {"path": "email", "message": "email: value is not a valid email address."},
    ]
    assert [(problem["path"], problem["message"]) for problem in template["problems"]] == [
        ("software_id", "The registry holds no item 'LagoonFlow'; the id of a model is needed here."),
        ("input_templates[0].template_id", "'sample/1000006' is a model, not a dataset template."),
    ]
    assert template["problems"][0]["candidates"] == [{"id": "sample/1000006", "name": "LagoonFlow"}]


@pytest.mark.asyncio
async def test_an_item_of_the_same_name_is_pointed_out(tmp_path: Path):
    async with sample_client(tmp_path, **CURATION) as client:
        shown = await call(
            client,
            "create_item",
            item_subtype="ORGANISATION",
            item={"name": "northern lagoon observatory", "display_name": ""},
        )
    assert shown["ready"]
    assert shown["warnings"] == [
        "There is already an organisation of this name: sample/1000002. Is it the same?"
    ]


@pytest.mark.asyncio
async def test_a_datasets_approvals_have_to_be_stated_and_unknown_metadata_is_refused(tmp_path: Path):
    info = {**DATASET["dataset_info"], "licence": "CC-BY"}
    async with sample_client(tmp_path, **CURATION) as client:
        shown = await call(
            client,
            "create_item",
            item_subtype="DATASET",
            item={"associations": DATASET["associations"], "dataset_info": info},
        )
    assert shown["missing"] == [
        "approvals.ethics_registration",
        "approvals.ethics_access",
        "approvals.indigenous_knowledge",
        "approvals.export_controls",
    ]
    assert shown["problems"] == [
        {
            "path": "dataset_info.licence",
            "message": "dataset_info.licence: is no field of such an item.",
        }
    ]


@pytest.mark.asyncio
async def test_the_registrys_own_check_has_the_last_word(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **CURATION) as client:
        wire.spoilt[VALIDATE_MODEL] = answering(
            200, {"status": {"success": False, "details": "Names must be in capitals."}}
        )
        refused = await call(client, "create_item", item_subtype="MODEL", item=MODEL)
        wire.spoilt[VALIDATE_MODEL] = answering(422, {"detail": [{"loc": ["body", "name"], "msg": "no"}]})
        malformed = await call(client, "create_item", item_subtype="MODEL", item=MODEL)
        wire.spoilt[VALIDATE_MODEL] = answering(503, {"detail": "down"})
        unsure = await call(client, "create_item", item_subtype="MODEL", item=MODEL)
    assert (refused["ready"], refused["problems"], refused["provena_said"]) == (
        False,
        [{"path": "", "message": "The registry would refuse it; provena_said tells why."}],
        "Names must be in capitals.",
    )
    assert (malformed["ready"], malformed["problems"]) == (False, refused["problems"])
    assert unsure["ready"]
    assert unsure["warnings"][0].startswith("Whether Provena would take it is not known: ")


@pytest.mark.asyncio
async def test_a_login_without_a_person_is_told_before_anything_is_sent(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **CURATION) as client:
        wire.spoilt["/auth-api/link/user/lookup"] = answering(200, {"person_id": None, "success": False})
        model = await call(client, "create_item", item_subtype="MODEL", item=MODEL)
        person = await call(client, "create_item", item_subtype="PERSON", item=PERSON)
    assert (model["ready"], person["ready"]) == (False, True)
    assert model["problems"][0]["message"].startswith("Your login is not linked to a Person in the registry")


@pytest.mark.asyncio
async def test_what_is_starred_is_what_has_to_be_given(tmp_path: Path):
    async with sample_client(tmp_path, **CURATION) as client:
        person = await call(client, "create_item", item_subtype="PERSON")
        dataset = await call(client, "create_item", item_subtype="DATASET")
    assert person["missing"] == ["email", "first_name", "last_name", "ethics_approved"]
    assert person["fields"] == [
        "display_name",
        "user_metadata",
        "email*",
        "first_name*",
        "last_name*",
        "orcid",
        "ethics_approved*",
    ]
    assert dataset["missing"] == [
        "associations.organisation_id",
        "approvals.ethics_registration",
        "approvals.ethics_access",
        "approvals.indigenous_knowledge",
        "approvals.export_controls",
        "dataset_info.name",
        "dataset_info.description",
        "dataset_info.access_info",
        "dataset_info.publisher_id",
        "dataset_info.created_date",
        "dataset_info.published_date",
        "dataset_info.license",
    ]
    assert "dataset_info*.created_date*.value" in dataset["fields"]


@pytest.mark.asyncio
async def test_a_licence_is_asked_for_as_a_url(tmp_path: Path):
    item = {**DATASET, "dataset_info": {**DATASET["dataset_info"], "license": "CC BY"}}
    async with sample_client(tmp_path, **CURATION) as client:
        shown = await call(client, "create_item", item_subtype="DATASET", item=item)
    assert [problem["message"] for problem in shown["problems"]] == [
        "dataset_info.license: must be a URL, such as https://creativecommons.org/licenses/by/4.0/ for a "
        "licence."
    ]


@pytest.mark.parametrize(
    ("item_subtype", "message"),
    [
        ("MODEL_RUN", "item_subtype: runs are registered with register_model_run"),
        (
            "MODELS",
            "item_subtype: Input should be 'STUDY', 'PERSON', 'ORGANISATION', 'MODEL', "
            "'MODEL_RUN_WORKFLOW_TEMPLATE', 'DATASET_TEMPLATE' or 'DATASET'",
        ),
    ],
)
@pytest.mark.asyncio
async def test_what_cannot_be_created_is_refused_by_the_arguments_name(
    tmp_path: Path, item_subtype: str, message: str
):
    async with sample_client(tmp_path, **CURATION) as client:
        refused = await failure(client, "create_item", item_subtype=item_subtype)
    assert (refused["parameter"], refused["message"]) == ("item_subtype", message)
