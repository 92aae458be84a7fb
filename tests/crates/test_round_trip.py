"""A study out of one Provena and into an empty one: its lineage is the same there."""

import base64
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import BlobResourceContents

from tests.worlds.captured import ANSWERS, links_behind
from tests.worlds.sample import call, sample_client, world_client

STUDY, RESULT = "sample/1000022", "Flood plume exposure, February-April 2019"


async def lineage(client: Client, name: str) -> set[tuple[str, str, str]]:
    """The links behind the dataset of this name."""
    listed = (await call(client, "list_items", subtype="DATASET", limit=50))["items"]
    (start,) = [item["id"] for item in listed if item["name"] == name]
    return await links_behind(client, start)


def answered(questions: list[dict[str, Any]]) -> dict[str, Any]:
    """What a user says of people and models, of which the registry asks more than a crate says."""
    said: dict[str, Any] = {
        "ethics_approved": True,
        "description": "A model.",
        "documentation_url": "https://docs.example.org/",
    }
    items: dict[str, Any] = {}
    for number, question in enumerate(questions):
        for item, wanted in question["answer"]["items"].items():
            for field in wanted:
                items.setdefault(item, {})[field] = said.get(field, f"person-{number}@example.org")
    return items


async def confirmed(client: Client, drafted: dict[str, Any]) -> dict[str, Any]:
    tool = drafted["next"]["tool"]
    shown = await call(client, tool, **drafted["next"]["arguments"])
    assert shown["ready"], shown
    return await call(client, tool, reference=shown["reference"], confirm=True)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_crate_of_a_study_becomes_the_same_lineage_in_an_empty_provena(tmp_path: Path):
    (tmp_path / "from").mkdir()
    async with sample_client(tmp_path / "from") as client:
        (found,) = (await client.read_resource(f"provena://crate-zip/study/{STUDY}")).contents
        assert isinstance(found, BlobResourceContents)
        (tmp_path / "crate.zip").write_bytes(base64.b64decode(found.blob))
        before = await lineage(client, RESULT)
    async with world_client(
        tmp_path, [], toolsets="default,curation,recording", input_dirs=str(tmp_path)
    ) as client:
        place = str(tmp_path / "crate.zip")
        answers = {key: ANSWERS[key] for key in ("organisation", "datasets")}
        asked = await call(client, "draft_model_runs", crate=place, answers=answers)
        answers["items"] = answered(asked["questions"])
        drafted = await call(client, "draft_model_runs", crate=place, answers=answers)
        done = await confirmed(client, drafted)
        after = await lineage(client, RESULT)
        again = await call(client, "draft_model_runs", crate=place)
    assert after == before
    assert len(before) > 20
    assert set(done["counts"]) == {"succeeded"}
    assert [each["registered_as"] for each in again["runs"]] == [row["model_run_id"] for row in done["runs"]]
