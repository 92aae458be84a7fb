"""What a page of lineage tells."""

import pytest

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery
from tests.worlds.lineages import REEF_NAMES, a_reef_world, a_run, as_json, ask, links_of, node_rows


def place_of(row: tuple[int | str, ...]) -> int:
    assert isinstance(row[0], int)
    return row[0]


def test_a_small_lineage_is_told_whole() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    assert as_json(plan_page(view, PageRequest()).write(REEF_NAMES)) == {
        "start": {"id": "reef/growth", "type": "DATASET", "name": "Coral growth 2020"},
        "direction": "upstream",
        "depth": {"asked": 1, "reached": 1},
        "complete": True,
        "totals": {
            "nodes": 4,
            "links": 3,
            "by_type": {"DATASET": 1, "MODEL_RUN": 1, "PERSON": 1, "DATASET_TEMPLATE": 1},
            "by_hop": {"0": 1, "1": 3},
        },
        "roots": {"count": 3, "refs": [1, 2, 3]},
        "leaves": {"count": 1, "refs": [0]},
        "nodes": {
            "1": {
                "MODEL_RUN": [[1, "reef/run2", "Growth run"]],
                "PERSON": [[2, "reef/bo", "Bo Berg"]],
                "DATASET_TEMPLATE": [[3, "reef/layout"]],
            }
        },
        "links": {"wasAttributedTo": [[0, 2]], "wasGeneratedBy": [[0, 1]], "wasInfluencedBy": [[0, 3]]},
        "graph_uri": "provena://lineage/upstream/reef/growth?depth=1",
    }


def test_a_special_query_is_answered_with_the_items_asked_for_and_the_way_to_them() -> None:
    question = ask(a_reef_world(), "contributing_datasets", "reef/growth", 10)
    view = view_lineage(
        Lineage(
            question.graph, question.query, question.start, 10, incomplete_because="stopped after 60 queries"
        )
    )

    assert as_json(plan_page(view, PageRequest()).write(REEF_NAMES)) == {
        "start": {"id": "reef/growth", "type": "DATASET", "name": "Coral growth 2020"},
        "direction": "upstream",
        "depth": {"asked": 10, "reached": 4},
        "complete": False,
        "incomplete_because": "stopped after 60 queries",
        "totals": {
            "nodes": 7,
            "links": 7,
            "answer": 3,
            "by_type": {"DATASET": 4, "MODEL_RUN": 2, "VERSION": 1},
            "by_hop": {"0": 1, "1": 1, "2": 2, "3": 2, "4": 1},
        },
        "roots": {"count": 1, "refs": [3]},
        "leaves": {"count": 1, "refs": [0]},
        "answer": [
            {
                "ref": 1,
                "id": "reef/forcing",
                "name": "Weather forcing",
                "hop": 2,
                "runs": 1,
                "via": "reef/run2",
            },
            {"ref": 2, "id": "reef/hydro", "name": "Hydrodynamics", "hop": 2, "runs": 1, "via": "reef/run2"},
            {"ref": 3, "id": "reef/old", "hop": 4, "runs": 1, "via": "reef/version"},
        ],
        "nodes": {
            "1": {"MODEL_RUN": [[4, "reef/run2", "Growth run"]]},
            "3": {
                "MODEL_RUN": [[5, "reef/run1", "Hydro run"]],
                "VERSION": [[6, "reef/version", "Version 2 of the forcing"]],
            },
        },
        "links": {
            "used": [[4, 1, 2], [5, 1], [6, 3]],
            "wasGeneratedBy": [[0, 4], [1, 6], [2, 5]],
        },
        "graph_uri": "provena://lineage/contributing_datasets/reef/growth?depth=10",
    }


def test_agents_are_told_with_their_kind_and_roles() -> None:
    view = ask(a_reef_world(), "contributing_agents", "reef/hydro", 1).view()

    assert as_json(plan_page(view, PageRequest()).write(REEF_NAMES))["answer"] == [
        {
            "ref": 1,
            "id": "reef/ann",
            "name": "Ann Atoll",
            "type": "PERSON",
            "hop": 1,
            "roles": {"attributed": 1},
        }
    ]


def test_an_empty_lineage_is_an_answer() -> None:
    view = view_lineage(Lineage(ProvenanceGraph(), "effected_datasets", "reef/ann", 10), start_type="PERSON")

    assert as_json(plan_page(view, PageRequest()).write({"reef/ann": "Ann Atoll"})) == {
        "start": {"id": "reef/ann", "type": "PERSON", "name": "Ann Atoll"},
        "direction": "downstream",
        "note": "No dataset was made from 'Ann Atoll' (person).",
        "depth": {"asked": 10, "reached": 0},
        "complete": True,
        "totals": {"nodes": 0, "links": 0, "answer": 0, "by_type": {}, "by_hop": {}},
        "roots": {"count": 0, "refs": []},
        "leaves": {"count": 0, "refs": []},
        "answer": [],
        "nodes": {},
        "links": {},
        "graph_uri": "provena://lineage/effected_datasets/reef/ann?depth=10",
    }


def test_makers_equal_names_and_what_is_near_are_told_beside_the_rows() -> None:
    world = a_reef_world().merged([a_run("reef/run3", ("reef/hydro",), ("reef/growth",))])
    found = ask(world, "upstream", "reef/growth", 4).graph
    lineage = Lineage(found, "upstream", "reef/growth", 4, incomplete_because="stopped at depth 4")
    names = REEF_NAMES | {"reef/old": "Weather forcing"}

    page = as_json(
        plan_page(view_lineage(lineage), PageRequest()).write(
            names, versions={"reef/old": "v1", "reef/forcing": "v2", "reef/hydro": "v9"}
        )
    )

    rows = {
        row[1]: row[0] for at_hop in page["nodes"].values() for of_type in at_hop.values() for row in of_type
    }
    assert page["several_makers"] == {"reef/growth": ["reef/run2", "reef/run3"]}
    assert page["no_run"] == {"new_version": [rows["reef/forcing"]]}
    assert page["versions"] == {"reef/old": "v1", "reef/forcing": "v2"}
    assert page["totals"]["direct"] == {"DATASET_TEMPLATE": 1, "MODEL_RUN": 2, "PERSON": 2}


@pytest.mark.parametrize(
    ("query", "around", "note"),
    [
        (
            "effected_datasets",
            a_run("reef/check", ("reef/alone",), ()),
            "No dataset was made from 'Lone survey' (dataset) within 1 hop. "
            "1 run used it, of which no dataset is recorded.",
        ),
        (
            "effected_datasets",
            ProvenanceGraph(),
            "No dataset was made from 'Lone survey' (dataset) within 1 hop. No run used it.",
        ),
        ("contributing_datasets", ProvenanceGraph(), "No dataset fed 'Lone survey' (dataset) within 1 hop."),
    ],
)
def test_where_nothing_was_found_one_sentence_says_so(
    query: LineageQuery, around: ProvenanceGraph, note: str
) -> None:
    lineage = Lineage(
        ProvenanceGraph(), query, "reef/alone", 1, incomplete_because="stopped at depth 1", around=around
    )
    page = plan_page(view_lineage(lineage, start_type="DATASET"), PageRequest()).write(
        {"reef/alone": "Lone survey"}
    )
    assert page.note == note


def test_a_dataset_of_which_nothing_is_known_upstream_was_made_by_no_run() -> None:
    lineage = Lineage(ProvenanceGraph(), "upstream", "reef/alone", 3)
    page = plan_page(view_lineage(lineage, start_type="DATASET"), PageRequest()).write()
    assert page.note == "Nothing is recorded that led to reef/alone (dataset). No run made it."


def test_items_with_the_same_targets_share_a_row_of_links() -> None:
    world = ProvenanceGraph().merged(
        a_run(f"run/{number}", (), (f"data/{number}",), organisation=None) for number in range(3)
    )
    view = ask(world, "downstream", "reef/study", 1).view()

    assert view.ids == ("reef/study", "run/0", "run/1", "run/2")
    assert as_json(plan_page(view, PageRequest()).write())["links"] == {"wasInformedBy": [[[1, 2, 3], 0]]}


def test_subtypes_keep_rows_and_links_of_these_types_and_leave_totals_whole() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 3).view()

    page = plan_page(view, PageRequest(subtypes=frozenset({"MODEL_RUN", "VERSION"}))).write()

    assert page.totals == plan_page(view, PageRequest()).write().totals
    assert [view.ids[place_of(row)] for _, _, row in node_rows(page)] == [
        "reef/run2",
        "reef/run1",
        "reef/version",
    ]
    assert links_of(page) == [("wasGeneratedBy", 0, 1)]
    assert (page.shown, page.of, page.next) == (None, None, None)
