"""Registry items created: previewed, agreed to, sent once, and never a consent assumed."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tools.new_items import CURATION, DATASET, PERSON, created
from tests.worlds.deployment import Asked, Send, answering, losing_the_answer, provena, server
from tests.worlds.lying_jobs import Json, changed
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client

FETCH = "/registry-api/registry/general/fetch"
MINT = "/data-api/register/mint-dataset"
CREATE_PERSON = "/registry-api/registry/agent/person/create"


@pytest.mark.asyncio
async def test_curation_is_off_unless_asked_for_and_gone_when_read_only(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        usual = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="curation", read_only=True) as client:
        reading = (await client.list_tools()).tools
    assert "create_item" not in usual
    assert reading == []


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
async def test_a_dataset_is_created_when_its_handle_is_it_in_the_registry(tmp_path: Path):
    def another(body: Json) -> None:
        body["handle"] = "sample/1000012"

    dataset = {"item_subtype": "DATASET", "item": {"collection_format": DATASET}}
    async with provena(tmp_path) as wire, server(wire, **CURATION) as client:
        shown = [await call(client, "create_item", **dataset) for _ in range(2)]
        wire.spoilt[MINT] = changed(another)
        error = await failure(client, "create_item", reference=shown[0]["reference"], confirm=True)

        async def then_down(request: httpx.Request, send: Send) -> httpx.Response:
            wire.spoilt[FETCH] = answering(500, {"detail": "x"})
            return await send(request)

        wire.spoilt[MINT] = then_down
        alone = await call(client, "create_item", reference=shown[1]["reference"], confirm=True)
    assert (error["kind"], error["message"]) == (
        "AmbiguousWrite",
        "The data store says that the dataset is registered as sample/1000012, which is another item.",
    )
    assert alone["message"] == (
        f"Created as {alone['created']['id']}. It was not compared with the registry (registry-api failed "
        "inside (500, fetch an item)). Searches and the lineage graph know it some seconds later."
    )
