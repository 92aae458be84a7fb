"""The four answers over the sample world, whose README says what is where."""

from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call, failure

REANALYSIS, FORCING, RANKING = "sample/1000030", "sample/1000039", "sample/1000117"
OLD_BATHYMETRY, NEW_BATHYMETRY = "sample/1000013", "sample/1000072"
SURVEY, SEED, EMPTY_STUDY = "sample/1000037", "sample/1000124", "sample/1000123"


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def nulls_in(value: Any) -> bool:
    if isinstance(value, dict):
        return any(nulls_in(part) for part in value.values())
    return any(nulls_in(part) for part in value) if isinstance(value, list) else value is None


@BOTH_ERAS
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_lineage_path", {"from_id": RANKING, "to_id": REANALYSIS}),
        ("find_lineage_path", {"from_id": RANKING, "to_id": EMPTY_STUDY}),
        ("analyse_impact", {"item_id": FORCING}),
        ("analyse_impact", {"item_id": EMPTY_STUDY}),
        ("compare_model_runs", {"run_ids": ["sample/1000119", "sample/1000122"]}),
        ("compare_model_runs", {"run_ids": ["sample/1000042", "sample/1000076"], "scope": "lineage"}),
        ("audit_reproducibility", {"item_id": "sample/1000063"}),
        ("audit_reproducibility", {"item_id": EMPTY_STUDY}),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_answers_come_in_both_eras_without_nulls_and_their_next_calls_work(
    standing: Standing, era: str, tool: str, arguments: dict[str, Any]
):
    async with standing.client(era) as client:
        answer = await call(client, tool, **arguments)
        following = [await call(client, step["tool"], **step["arguments"]) for step in answer.get("next", ())]
    assert answer["answer"]
    assert not nulls_in(answer)
    assert len(following) <= 3


# --- paths


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


# --- impact


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


# --- comparison


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


# --- audit


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
