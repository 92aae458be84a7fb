"""How one item of the sample world came from another, and the picture of it."""

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import call, failure
from tests.worlds.sample_ids import EMPTY_STUDY, FORCING, RANKING, REANALYSIS, SEED, SURVEY


@pytest.mark.asyncio(loop_scope="session")
async def test_a_path_beyond_the_depth_cap_is_told_from_either_end(standing: Standing):
    async with standing.client() as client:
        up = await call(client, "find_lineage_path", from_id=RANKING, to_id=REANALYSIS)
        down = await call(client, "find_lineage_path", from_id=REANALYSIS, to_id=RANKING)
    for found, direction, ends in (
        (up, "upstream", (RANKING, REANALYSIS)),
        (down, "downstream", (REANALYSIS, RANKING)),
    ):
        assert (found["found"], found["direction"], found["length"], found["count"]) == (
            True,
            direction,
            12,
            3,
        )
        assert [(path[0], path[-1], len(path)) for path in found["paths"]] == [(*ends, 13)] * 3
    assert {tuple(path[::-1]) for path in up["paths"]} == {tuple(path) for path in down["paths"]}
    assert up["chains"][0].startswith(
        "'Restoration priorities 2025, with sea country values' "
        "-wasGeneratedBy-> 'Rank sites with sea country values' "
        "-used-> 'Coral cover ssp585 with outplanting, 2025-2050'"
    )
    assert down["chains"][0].startswith(
        "'Global atmospheric reanalysis 2016-2019' <-used- 'Downscale reanalysis 2016-2019'"
    )


@pytest.mark.asyncio(loop_scope="session")
async def test_longer_ways_are_counted_by_the_runs_they_pass(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=RANKING, to_id=REANALYSIS)
    assert found["answer"].endswith(
        ": 12 hops over 6 runs, 3 shortest paths. All ways within 20 hops: 3 over 6 runs, 1 over 7 runs."
    )
    (six, seven) = found["ways"]
    assert (six, seven["runs"], seven["count"]) == ({"runs": 6, "count": 3}, 7, 1)
    assert (seven["path"][0], seven["path"][-1], len(seven["path"])) == (RANKING, REANALYSIS, 15)
    assert found["ways_within"] == 20


@pytest.mark.asyncio(loop_scope="session")
async def test_where_there_is_no_longer_way_that_is_said(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=FORCING, to_id=REANALYSIS)
    assert found["answer"].endswith(": 2 hops over 1 run, one shortest path. No longer way within 20 hops.")
    assert found["ways"] == [{"runs": 1, "count": 1}]


@pytest.mark.asyncio(loop_scope="session")
async def test_items_on_a_cycle_came_from_each_other(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=SURVEY, to_id="sample/1000063")
    assert (found["direction"], found["length"]) == ("upstream", 1)
    assert found["other_direction"] == {
        "direction": "downstream",
        "length": 1,
        "count": 1,
        "path": [SURVEY, "sample/1000063"],
    }
    assert "on a cycle" in found["answer"]


@pytest.mark.asyncio(loop_scope="session")
async def test_without_a_path_the_answer_says_how_far_it_looked_and_what_both_came_from(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=RANKING, to_id="sample/1000120", max_hops=4)
    assert not found["found"]
    assert found["answer"].startswith("None within 4 hops: ")
    assert found["searched_hops"] == 4
    cover = next(row for row in found["common_ancestors"]["nearest"] if row["type"] == "DATASET")
    assert cover == {
        "id": "sample/1000112",
        "type": "DATASET",
        "name": "Coral cover ssp585 with outplanting, 2025-2050",
        "hops_from": 2,
        "hops_to": 2,
    }
    assert found["next"][0]["arguments"] == {"from_id": RANKING, "to_id": "sample/1000120", "max_hops": 8}


@pytest.mark.asyncio(loop_scope="session")
async def test_both_legs_to_a_meeting_point_are_told_and_people_are_kept_apart_from_data(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=RANKING, to_id="sample/1000120", max_hops=4)
    shared = found["common_ancestors"]
    assert "3 datasets and 1 run that both came from. Besides, in common: 2 people, " in found["answer"]
    assert (shared["count"], shared["besides"]["PERSON"]) == (4, 2)
    assert {row["type"] for row in shared["nearest"]} == {"DATASET", "MODEL_RUN"}
    assert {"PERSON", "MODEL"} <= {row["type"] for row in shared["others"]}
    assert shared["legs"] == {
        "meet_at": "sample/1000112",
        "from_path": [RANKING, "sample/1000119", "sample/1000112"],
        "to_path": ["sample/1000120", "sample/1000122", "sample/1000112"],
        "chain": "'Restoration priorities 2025, with sea country values' "
        "-wasGeneratedBy-> 'Rank sites with sea country values' "
        "-used-> 'Coral cover ssp585 with outplanting, 2025-2050' "
        "<-used- 'Rank sites by coral benefit only' "
        "<-wasGeneratedBy- 'Restoration priorities 2025, coral benefit only'",
    }


@pytest.mark.asyncio(loop_scope="session")
async def test_what_came_of_both_is_told_too(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id="sample/1000044", to_id="sample/1000047")
    nearest = found["common_descendants"]["nearest"]
    assert [(row["id"], row["hops_from"], row["hops_to"]) for row in nearest][:2] == [
        ("sample/1000066", 1, 1),
        ("sample/1000064", 2, 2),
    ]


@pytest.mark.parametrize("alone", [SEED, EMPTY_STUDY])
@pytest.mark.asyncio(loop_scope="session")
async def test_an_item_in_no_lineage_is_said_to_be_in_none(standing: Standing, alone: str):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=alone, to_id=RANKING)
    assert found["answer"].startswith("None within 20 hops: ")
    assert "In no lineage at all: " in found["answer"]


@pytest.mark.asyncio(loop_scope="session")
async def test_two_ids_of_one_item_are_refused_even_if_written_differently(standing: Standing):
    async with standing.client() as client:
        error = await failure(client, "find_lineage_path", from_id=RANKING, to_id=f"hdl:{RANKING}")
    assert (error["kind"], error["parameter"]) == ("Argument", "to_id")
    assert "explore" in error["next"]


@pytest.mark.asyncio(loop_scope="session")
async def test_an_unknown_id_is_named(standing: Standing):
    async with standing.client() as client:
        error = await failure(client, "find_lineage_path", from_id=RANKING, to_id="sample/9999999")
    assert error["kind"] == "NotFound"
    assert "sample/9999999" in error["message"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_path_is_drawn_whole_and_clustered_by_study(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "find_lineage_path", from_id=RANKING, to_id=REANALYSIS)
        drawn = await call(client, "open_document", uri=found["diagram_uri"])
    lines = drawn["text"].splitlines()
    assert drawn["mime_type"] == "text/vnd.mermaid"
    assert [line.strip() for line in lines if "subgraph" in line] == [
        'subgraph c0["Where to restore first<br/>sample/1000109"]',
        'subgraph c2["Reef futures to 2050<br/>sample/1000077"]',
        'subgraph c3["After the 2019 floods<br/>sample/1000022"]',
        'subgraph c4["Reef hindcast 2016-2019<br/>sample/1000031"]',
    ]
    assert sum('["' in line and "subgraph" not in line for line in lines) == 18
    assert [line for line in lines if "stroke-width" in line] == [
        "  style n0 stroke-width:4px",
        "  style n1 stroke-width:4px",
    ]


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (f"provena://diagram/path/{RANKING}?to={EMPTY_STUDY}", "NotFound"),
        (f"provena://diagram/path/{RANKING}", "Argument"),
        (f"provena://diagram/impact/{RANKING}?depth=0", "Argument"),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_diagram_that_cannot_be_drawn_says_why(standing: Standing, uri: str, kind: str):
    async with standing.client() as client:
        error = await failure(client, "open_document", uri=uri)
    assert error["kind"] == kind
