"""Whether runs of the sample world can be repeated, and what stands in the way."""

from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure
from tests.worlds.sample_ids import EMPTY_STUDY, NEW_BATHYMETRY, OLD_BATHYMETRY, RANKING


def codes(audit: dict[str, Any], severity: str) -> list[str]:
    return [finding["code"] for finding in audit["findings"] if finding["severity"] == severity]


@pytest.mark.parametrize(
    ("run", "verdict", "blockers", "warnings"),
    [
        (
            "sample/1000016",
            "with_caveats",
            [],
            ["annotations_missing", "input_changeable", "input_superseded"],
        ),
        ("sample/1000049", "not_repeatable", ["model_version_missing"], ["input_changeable"]),
        (
            "sample/1000063",
            "not_repeatable",
            ["input_overwritten"],
            ["input_changeable", "output_remade", "use_restricted", "lineage_cycle"],
        ),
        ("sample/1000040", "with_caveats", [], ["input_external"]),
        ("sample/1000119", "with_caveats", [], ["input_changeable", "use_restricted"]),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_an_audit_finds_what_the_sample_world_holds(
    standing: Standing, run: str, verdict: str, blockers: list[str], warnings: list[str]
):
    async with standing.client() as client:
        audit = await call(client, "audit_reproducibility", item_id=run)
    assert audit["verdict"] == verdict
    assert (codes(audit, "blocker"), codes(audit, "warning")) == (blockers, warnings)
    assert [check["check"] for check in audit["checks"]] == [
        "model",
        "recipe",
        "record",
        "documentation",
        "times",
        "inputs",
        "files",
        "currency",
        "versions",
        "use",
        "lineage",
    ]
    assert all(set(finding["ids"]) <= set(audit["names"]) for finding in audit["findings"])


@pytest.mark.asyncio(loop_scope="session")
async def test_an_audit_names_whom_to_ask_and_compares_with_a_run_that_made_the_same(standing: Standing):
    async with standing.client() as client:
        audit = await call(client, "audit_reproducibility", item_id="sample/1000063")
    modeller, *others = audit["whom_to_ask"]
    assert modeller == {
        "role": "modeller",
        "id": "sample/1000023",
        "name": "Callum Reyes",
        "about": ["sample/1000063"],
    }
    assert {row["role"] for row in others} == {"custodian", "contact"}
    assert all(row["name"] for row in others if row["role"] == "custodian")
    compare = next(step for step in audit["next"] if step["tool"] == "compare_model_runs")
    assert compare["arguments"]["run_ids"] == ["sample/1000063", "sample/1000067"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_superseded_input_is_told_with_its_successor_when_and_why(standing: Standing):
    async with standing.client() as client:
        late = await call(client, "audit_reproducibility", item_id="sample/1000090")
    (finding,) = [finding for finding in late["findings"] if finding["code"] == "input_superseded"]
    assert finding["evidence"] == {
        OLD_BATHYMETRY: f"replaced by {NEW_BATHYMETRY} on 2022-05-16, before the run started: "
        "Re-gridded to 50 m after the 2021 lidar survey; 212 outlines moved."
    }
    assert not late["current"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_study_is_audited_run_by_run(standing: Standing):
    async with standing.client() as client:
        audit = await call(client, "audit_reproducibility", item_id="sample/1000031")
    assert {run["id"]: run.get("blockers") for run in audit["runs"]} == {
        "sample/1000040": None,
        "sample/1000042": None,
        "sample/1000043": None,
        "sample/1000063": ["input_overwritten"],
        "sample/1000066": ["input_overwritten"],
        "sample/1000076": None,
    }
    assert audit["answer"].startswith("4 of 6 runs can be repeated (1 blocker, ")
    assert audit["next"][0]["arguments"] == {"item_id": "sample/1000063"}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_study_without_runs_says_so(standing: Standing):
    async with standing.client() as client:
        audit = await call(client, "audit_reproducibility", item_id=EMPTY_STUDY)
    assert codes(audit, "warning") == ["study_without_runs"]
    assert (audit["runs"], audit["findings"][0]["ids"]) == ([], [EMPTY_STUDY])


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (RANKING, "It was made by sample/1000119: give that."),
        ("sample/1000001", "explore_downstream with depth 1 lists the runs of a person."),
        ("sample/1000073", "fetch_items shows what it is."),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_what_cannot_be_audited_says_what_to_call_instead(standing: Standing, item: str, says: str):
    async with standing.client() as client:
        error = await failure(client, "audit_reproducibility", item_id=item)
    assert error["kind"] == "WrongSubtype"
    assert says in error["next"]
