"""What differs between runs of the sample world, in their records and in what led to them."""

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure
from tests.worlds.sample_ids import NEW_BATHYMETRY, OLD_BATHYMETRY, RANKING, REANALYSIS, SEED


@pytest.mark.asyncio(loop_scope="session")
async def test_two_runs_differ_as_their_records_say(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "compare_model_runs", run_ids=["sample/1000119", "sample/1000122"])
    told = [(row["field"], row["kind"], row.get("key")) for row in found["differences"]]
    assert told == [
        ("model_version", "different", None),
        ("inputs", "only_in_some", None),
        ("outputs", "different", None),
        ("annotations", "only_in_some", "weights"),
        ("organisation", "only_in_some", None),
        ("start_time", "different", None),
        ("end_time", "different", None),
    ]
    assert found["differences"][1] == {
        "field": "inputs",
        "kind": "only_in_some",
        "role": {"id": "sample/1000103", "name": "Sea country values"},
        "values": [
            {"runs": "A", "id": "sample/1000115", "name": "Sea country values, Moore and Davies reefs"}
        ],
    }
    assert {row["field"] for row in found["same"]} == {
        "template",
        "model",
        "inputs",
        "resources",
        "annotations",
        "modeller",
        "study",
    }


@pytest.mark.parametrize("scope", ["record", "lineage"])
@pytest.mark.asyncio(loop_scope="session")
async def test_versions_of_one_dataset_are_recognised(standing: Standing, scope: str):
    async with standing.client() as client:
        found = await call(
            client, "compare_model_runs", run_ids=["sample/1000042", "sample/1000076"], scope=scope
        )
    (versions,) = [row for row in found["differences"] if row["kind"] == "versions"]
    assert [(value["runs"], value["id"], value["version"]) for value in versions["values"]] == [
        ("A", OLD_BATHYMETRY, 1),
        ("B", NEW_BATHYMETRY, 2),
    ]


@pytest.mark.asyncio(loop_scope="session")
async def test_lineages_are_compared_by_what_led_to_each_run(standing: Standing):
    async with standing.client() as client:
        found = await call(
            client, "compare_model_runs", run_ids=["sample/1000119", "sample/1000122"], scope="lineage"
        )
    (difference,) = found["differences"]
    both_have = difference.pop("both_have")
    assert difference == {
        "field": "datasets",
        "kind": "contains",
        "values": [
            {"runs": "A", "id": "sample/1000115", "name": "Sea country values, Moore and Davies reefs"}
        ],
        "shared": 15,
    }
    assert both_have[0] == {"id": "sample/1000014", "name": "Bottom friction settings"}
    assert len(both_have) == 5
    assert [run["lineage"]["datasets"] for run in found["runs"]] == [17, 16]
    assert found["same_counts"]["runs"] == 9


@pytest.mark.asyncio(loop_scope="session")
async def test_what_runs_share_is_named_and_a_run_that_used_all_of_another_and_more_is_told(
    standing: Standing,
):
    async with standing.client() as client:
        found = await call(client, "compare_model_runs", run_ids=["sample/1000119", "sample/1000122"])
    assert "template 'Restoration site ranking', model 'ReefChoice'" in found["answer"]
    assert found["answer"].endswith(" A has all inputs of B, and 1 more.")


@pytest.mark.asyncio(loop_scope="session")
async def test_two_datasets_of_one_name_are_pointed_out(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "compare_model_runs", run_ids=["sample/1000099", "sample/1000114"])
    assert found["notes"] == [
        "'Coral cover survey, Heron Reef' is the name of different items: sample/1000024, sample/1000068."
    ]


@pytest.mark.parametrize(
    ("run_ids", "kind", "says"),
    [
        ([RANKING, "sample/1000119"], "WrongSubtype", "It was made by sample/1000119: give that."),
        ([REANALYSIS, "sample/1000119"], "WrongSubtype", "No recorded run made it."),
        (
            ["sample/1000109", "sample/1000119"],
            "WrongSubtype",
            "audit_reproducibility takes the study itself",
        ),
        ([SEED, "sample/1000119"], "WrongSubtype", "list_items"),
        (["sample/1000119", "hdl:sample/1000119"], "Argument", "two to five different runs"),
        (["sample/1000119"], "Argument", "explore_downstream"),
        ([f"sample/{number}" for number in range(6)], "Argument", "explore_downstream"),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_ids_that_cannot_be_compared_say_what_to_call_instead(
    standing: Standing, run_ids: list[str], kind: str, says: str
):
    async with standing.client() as client:
        error = await failure(client, "compare_model_runs", run_ids=run_ids)
    assert error["kind"] == kind
    assert says in error["next"]
