"""What is touched where an item of the sample world is wrong."""

from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure
from tests.worlds.sample_ids import (
    EMPTY_STUDY,
    FORCING,
    NEW_BATHYMETRY,
    OLD_BATHYMETRY,
    RANKING,
    SEED,
    SURVEY,
)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.mark.asyncio(loop_scope="session")
async def test_an_impact_is_drawn_with_all_it_affects(standing: Standing):
    async with standing.client() as client:
        impact = await call(client, "analyse_impact", item_id=FORCING)
        drawn = await call(client, "open_document", uri=impact["diagram_uri"])
    boxes = [line for line in drawn["text"].splitlines() if '["' in line and "subgraph" not in line]
    assert len(boxes) == 1 + impact["totals"]["datasets"] + impact["totals"]["runs"]


@pytest.mark.asyncio(loop_scope="session")
async def test_an_impact_counts_everything_and_puts_released_datasets_first(standing: Standing):
    async with standing.client() as client:
        impact = await call(client, "analyse_impact", item_id=FORCING)
    totals = impact["totals"]
    assert (totals["runs"], totals["datasets"], totals["released"], totals["pending"]) == (15, 14, 1, 1)
    datasets = impact["affected"]["datasets"]
    assert [row.get("release") for row in datasets[:3]] == ["RELEASED", "PENDING", None]
    assert ids(datasets[:2]) == ["sample/1000041", RANKING]
    assert [row["hop"] for row in datasets[2:]] == sorted(row["hop"] for row in datasets[2:])
    assert {row["id"]: row["runs"] for row in impact["affected"]["studies"]} == {
        "sample/1000022": 1,
        "sample/1000031": 4,
        "sample/1000036": 2,
        "sample/1000077": 5,
        "sample/1000109": 3,
    }
    assert impact["followed"] == {"MODEL_RUN used DATASET": 19, "DATASET wasGeneratedBy MODEL_RUN": 15}
    assert impact["complete"]


@pytest.mark.asyncio(loop_scope="session")
async def test_addresses_are_told_only_when_asked_for(standing: Standing):
    async with standing.client() as client:
        without = await client.call_tool("analyse_impact", {"item_id": FORCING})
        impact = await call(client, "analyse_impact", item_id=FORCING, contacts=True)
    assert "@" not in without.model_dump_json()
    assert impact["affected"]["people"][0] == {
        "id": "sample/1000005",
        "name": "Maren Holt",
        "hop": 0,
        "roles": {"attributed": 7, "modeller": 7},
        "email": "maren.holt@example.org",
    }


@pytest.mark.asyncio(loop_scope="session")
async def test_a_newer_version_is_named_and_followed_only_when_asked(standing: Standing):
    async with standing.client() as client:
        old = await call(client, "analyse_impact", item_id=OLD_BATHYMETRY)
        every = await call(client, "analyse_impact", item_id=NEW_BATHYMETRY, all_versions=True)
    on_the_new = {"sample/1000076", "sample/1000093"}
    assert not on_the_new & set(ids(old["affected"]["runs"]))
    assert old["replaced_by"] == [
        {
            "id": NEW_BATHYMETRY,
            "name": "Reef bathymetry and outlines",
            "number": 2,
            "created": "2022-05-16T01:00:00Z",
            "reason": "Re-gridded to 50 m after the 2021 lidar survey; 212 outlines moved.",
            "no_run": True,
        }
    ]
    assert old["not_followed"] == {"VERSION used DATASET": 1}
    assert ids(every["started_from"]) == [NEW_BATHYMETRY, OLD_BATHYMETRY]
    assert {*ids(old["affected"]["runs"]), *on_the_new} <= set(ids(every["affected"]["runs"]))
    assert every["answer"].startswith("If all versions of 'Reef bathymetry and outlines' are wrong, ")


@pytest.mark.parametrize(
    ("start", "runs"),
    [
        ("sample/1000115", ["sample/1000119"]),
        ("sample/1000120", []),
        (
            "sample/1000018",
            [f"sample/1000{number}" for number in ("046", "066", "099", "114", "119", "122")],
        ),
        ("sample/1000122", []),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_an_impact_does_not_leak_into_runs_that_share_people_templates_or_studies(
    standing: Standing, start: str, runs: list[str]
):
    async with standing.client() as client:
        impact = await call(client, "analyse_impact", item_id=start)
    assert ids(impact["affected"]["runs"]) == runs


@pytest.mark.asyncio(loop_scope="session")
async def test_runs_that_remade_their_input_are_named(standing: Standing):
    async with standing.client() as client:
        impact = await call(client, "analyse_impact", item_id=SURVEY)
    assert impact["remade_by"] == ["sample/1000063", "sample/1000067"]


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_depends_on_an_empty_study_and_a_reserved_id_cannot_be_asked_about(standing: Standing):
    async with standing.client() as client:
        impact = await call(client, "analyse_impact", item_id=EMPTY_STUDY)
        error = await failure(client, "analyse_impact", item_id=SEED)
    assert impact["answer"] == "Nothing within 20 hops depends on 'Mesophotic reef pilot'."
    assert (error["kind"], error["fault"]) == ("WrongSubtype", "caller")


@pytest.mark.asyncio(loop_scope="session")
async def test_affected_datasets_that_an_unaffected_run_made_too_are_marked(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "analyse_impact", item_id="sample/1000042")
    rows = {row["id"]: row for row in found["affected"]["datasets"]}
    assert rows["sample/1000041"]["unaffected_makers"] == ["sample/1000043"]
    assert [row["id"] for row in rows.values() if "unaffected_makers" in row] == ["sample/1000041"]
    assert found["answer"].endswith("; 1 affected dataset also made by an unaffected run.")
