"""Registry items created: asked for, checked, previewed, agreed to, and never a consent assumed."""

from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployment import Asked, answering, losing_the_answer, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client

CURATION: dict[str, Any] = {"toolsets": "default,curation"}
CREATE_PERSON = "/registry-api/registry/agent/person/create"
VALIDATE_MODEL = "/registry-api/registry/entity/model/validate"
PERSON = {"first_name": "Ada", "last_name": "Okafor", "email": "ada@example.org", "ethics_approved": True}
NOT_RELEVANT = {"relevant": False, "obtained": False}
DATASET = {
    "associations": {"organisation_id": "sample/1000002"},
    "approvals": {
        "ethics_registration": NOT_RELEVANT,
        "ethics_access": NOT_RELEVANT,
        "indigenous_knowledge": NOT_RELEVANT,
        "export_controls": NOT_RELEVANT,
    },
    "dataset_info": {
        "name": "Tide gauge 2024",
        "description": "Ten-minute levels.",
        "access_info": {"reposited": True},
        "publisher_id": "sample/1000002",
        "created_date": {"relevant": True, "value": "2024-05-01"},
        "published_date": {"relevant": False},
        "license": "https://creativecommons.org/licenses/by/4.0/",
    },
}


async def created(client: Any, item_subtype: str, item: dict[str, Any]) -> str:
    """The handle of an item that is created over its preview."""
    shown = await call(client, "create_item", item_subtype=item_subtype, item=item)
    assert shown["ready"], shown
    done = await call(client, "create_item", reference=shown["reference"], confirm=True)
    assert done["status"] == "succeeded"
    return done["created"]["id"]


@pytest.mark.asyncio
async def test_curation_is_off_unless_asked_for_and_gone_when_read_only(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        usual = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="curation", read_only=True) as client:
        reading = (await client.list_tools()).tools
    assert "create_item" not in usual
    assert reading == []


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


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_person_is_created_after_the_user_has_seen_them(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, **CURATION) as client:
        shown = await call(client, "create_item", item_subtype="PERSON", item=PERSON)
        done = await call(client, "create_item", reference=shown["reference"], confirm=True)
        again = await call(client, "create_item", reference=shown["reference"], confirm=True)
        found = await call(client, "fetch_items", ids=[done["created"]["id"]])
    assert shown == {
        "status": "preview",
        "message": shown["message"],
        "ready": True,
        "reference": shown["reference"],
        "missing": [],
        "problems": [],
        "item": {**PERSON, "display_name": "Ada Okafor"},
    }
    assert done == {
        "status": "succeeded",
        "message": "Created as local/1000001. Searches and the lineage graph know it some seconds later.",
        "created": {"id": "local/1000001", "name": "Ada Okafor"},
        "next": {"tool": "fetch_items", "arguments": {"ids": ["local/1000001"]}},
    }
    assert again["created"] == done["created"]
    assert wire.count(CREATE_PERSON) == 1
    assert found["items"][0]["name"] == "Ada Okafor"


@pytest.mark.parametrize(
    ("said", "missing", "problems"),
    [
        ({}, ["ethics_approved"], []),
        ({"ethics_approved": None}, ["ethics_approved"], []),
        (
            {"ethics_approved": False},
            [],
            [
                {
                    "path": "ethics_approved",
                    "message": "The person has not been said to consent to being recorded; ask them, never "
                    "assume it.",
                }
            ],
        ),
    ],
)
@pytest.mark.asyncio
async def test_consent_is_stated_and_never_assumed(
    tmp_path: Path, said: dict[str, Any], missing: list[str], problems: list[dict[str, str]]
):
    person = {key: value for key, value in PERSON.items() if key != "ethics_approved"}
    async with provena(tmp_path) as wire, server(wire, **CURATION) as client:
        shown = await call(
            client, "create_item", item_subtype="PERSON", item={**person, **said}, confirm=True
        )
    assert (shown["status"], shown["ready"]) == ("preview", False)
    assert (shown["missing"], shown["problems"]) == (missing, problems)
    assert wire.count(CREATE_PERSON) == 0


@BOTH_ERAS
@pytest.mark.asyncio
async def test_confirming_without_a_reference_asks_the_user(tmp_path: Path, era: str):
    asked = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=asked, **CURATION) as client:
        done = await call(client, "create_item", item_subtype="PERSON", item=PERSON, confirm=True)
        asked.action = "decline"
        declined = await call(
            client, "create_item", item_subtype="ORGANISATION", item={"name": "Tide Office"}, confirm=True
        )
    assert (done["status"], declined["status"]) == ("succeeded", "declined")
    assert asked.questions[0] == (
        "Create a person in the registry? Its handle will be permanent.\n\n"
        "first_name: Ada\nlast_name: Okafor\nemail: ada@example.org\nethics_approved: true\n"
        "display_name: Ada Okafor"
    )
    assert wire.count(CREATE_PERSON) == 1


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
async def test_a_whole_world_is_built_and_a_run_registered_in_it(tmp_path: Path):
    async with sample_client(tmp_path, **CURATION) as client:
        organisation = await created(client, "ORGANISATION", {"name": "Tide Office"})
        person = await created(client, "PERSON", PERSON)
        study = await created(client, "STUDY", {"title": "Tides", "description": "Levels of 2024."})
        model = await created(
            client,
            "MODEL",
            {
                "name": "TideFit",
                "description": "Fits constituents.",
                "documentation_url": "https://example.org/docs",
                "source_url": "https://example.org/source",
            },
        )
        levels = await created(
            client,
            "DATASET_TEMPLATE",
            {
                "display_name": "Levels",
                "deferred_resources": [
                    {"key": "series", "description": "The series.", "usage_type": "GENERAL_DATA"}
                ],
            },
        )
        recipe = await created(
            client,
            "MODEL_RUN_WORKFLOW_TEMPLATE",
            {
                "display_name": "Fit tides",
                "software_id": f"hdl:{model}",
                "input_templates": [{"template_id": levels}],
                "output_templates": [],
                "annotations": {"required": ["station"], "optional": []},
            },
        )
        gauge = await created(client, "DATASET", {"collection_format": DATASET})
        shown = await call(
            client,
            "register_model_run",
            record={
                "workflow_template_id": recipe,
                "inputs": [
                    {"dataset_template_id": levels, "dataset_id": gauge, "resources": {"series": "a.csv"}}
                ],
                "outputs": [],
                "annotations": {"station": "Cairns"},
                "display_name": "Fit of 2024",
                "description": "The first fit.",
                "study_id": study,
                "associations": {"modeller_id": person, "requesting_organisation_id": organisation},
                "start_time": 1_700_000_000,
                "end_time": 1_700_000_060,
            },
        )
        run = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        lineage = await call(client, "explore_upstream", starting_id=run["model_run_id"], depth=1)
    assert run["status"] == "succeeded"
    assert lineage["totals"]["by_type"] == {
        "MODEL_RUN": 1,
        "DATASET": 1,
        "MODEL": 1,
        "MODEL_RUN_WORKFLOW_TEMPLATE": 1,
        "ORGANISATION": 1,
        "PERSON": 1,
        "STUDY": 1,
    }


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


MODEL = {
    "name": "TideFit",
    "description": "Fits constituents.",
    "documentation_url": "https://example.org/docs",
    "source_url": "https://example.org/source",
}


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
async def test_a_lost_answer_is_not_sent_again(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **CURATION) as client:
        shown = await call(client, "create_item", item_subtype="PERSON", item=PERSON)
        wire.spoilt[CREATE_PERSON] = losing_the_answer()
        lost = await failure(client, "create_item", reference=shown["reference"], confirm=True)
        again = await failure(client, "create_item", reference=shown["reference"], confirm=True)
    assert (lost["kind"], lost["retry"]) == ("AmbiguousWrite", "check_first")
    assert (again["kind"], again["next"]) == (lost["kind"], lost["next"])
    assert again["message"] == (
        "It had been sent with this reference before and was not sent again. What came of it: "
        f"{lost['message']}"
    )
    assert wire.count(CREATE_PERSON) == 1


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
