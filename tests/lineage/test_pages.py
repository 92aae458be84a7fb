import base64
import json
from collections.abc import Iterator
from random import Random

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import CursorError
from provena_mcp.lineage.costs import RowCosts, cost_of, cost_of_frame
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.budgets import count_pieces, estimate_tokens
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.text import clean
from provena_mcp.wire.lineage import LineageQuery
from tests.worlds.lineages import NAMES, Question, a_reef_world, a_run, ask, questions

REEF_NAMES = {
    "reef/growth": "Coral growth 2020",
    "reef/forcing": "Weather forcing",
    "reef/hydro": "Hydrodynamics",
    "reef/run2": "Growth run",
    "reef/run1": "Hydro run",
    "reef/version": "Version 2 of the forcing",
    "reef/bo": "Bo Berg",
    "reef/ann": "Ann Atoll",
}


def as_json(result: LineageResult) -> dict:
    return json.loads(result.model_dump_json(exclude_none=True))


def pages(
    view: LineageView, request: PageRequest, names: dict[str, str] | None = None
) -> Iterator[LineageResult]:
    """Every page, by calling with the cursor of the page before."""
    while True:
        plan = plan_page(view, request)
        page = plan.write(names)
        yield page
        if page.next is None:
            return
        cursor = page.next.arguments["cursor"]
        assert isinstance(cursor, str)
        request = PageRequest(request.max_tokens, request.subtypes, request.names, cursor)


def node_rows(page: LineageResult) -> list[tuple[str, str, tuple[int | str, ...]]]:
    return [
        (hop, type_, row)
        for hop, by_type in page.nodes.items()
        for type_, rows in by_type.items()
        for row in rows
    ]


def place_of(row: tuple[int | str, ...]) -> int:
    assert isinstance(row[0], int)
    return row[0]


def links_of(page: LineageResult) -> list[tuple[str, int, int]]:
    found = []
    for relation, rows in page.links.items():
        for sources, *targets in rows:
            for source in sources if isinstance(sources, tuple) else (sources,):
                found += [(relation, source, target) for target in targets]
    return found


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


def test_without_names_no_name_is_wanted_and_rows_are_ids() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    plan = plan_page(view, PageRequest(names=False))

    assert plan.wanted == {}
    assert [row for _, _, row in node_rows(plan.write())] == [
        (1, "reef/run2"),
        (2, "reef/bo"),
        (3, "reef/layout"),
    ]


def test_names_are_wanted_with_the_types_that_are_known() -> None:
    graph = ProvenanceGraph(
        {"run": Kind("ACTIVITY", "MODEL_RUN"), "x": Kind("", "")}, (Link("run", "used", "x"),)
    )

    plan = plan_page(view_lineage(Lineage(graph, "upstream", "run", 1)), PageRequest())

    assert plan.wanted == {"run": "MODEL_RUN", "x": ""}


def test_ids_without_a_readable_name_are_listed_by_reason() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    page = plan_page(view, PageRequest()).write(
        {"reef/run2": "Growth run"},
        {"reef/bo": "no permission", "reef/growth": "no permission", "elsewhere": "no permission"},
    )

    assert page.unreadable == {"no permission": ("reef/growth", "reef/bo")}


def test_names_are_shown_on_one_line_without_what_cannot_be_seen() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    page = plan_page(view, PageRequest()).write({"reef/growth": "Coral\n\u202egrowth\u200b " + "x" * 200})

    assert page.start.name == "Coral growth " + "x" * 66 + "…"


def test_a_cursor_comes_with_the_call_that_uses_it() -> None:
    world = ProvenanceGraph().merged(
        a_run(f"run/{number}", ("in",), (f"out/{number}",)) for number in range(40)
    )
    view = ask(world, "downstream", "in", 5).view()

    page = plan_page(view, PageRequest(600, frozenset({"MODEL_RUN", "DATASET"}), names=False)).write()

    assert page.next is not None
    assert (page.of, page.shown) == (80, len(node_rows(page)))
    assert page.next.tool == "explore_downstream"
    assert {name: value for name, value in page.next.arguments.items() if name != "cursor"} == {
        "starting_id": "in",
        "depth": 5,
        "subtypes": ["DATASET", "MODEL_RUN"],
        "names": False,
        "max_tokens": 600,
    }


def a_cursor(view: LineageView, request: PageRequest) -> str:
    page = plan_page(view, request).write()
    assert page.next is not None
    return str(page.next.arguments["cursor"])


def tampered(cursor: str, position: object) -> str:
    question, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(json.dumps([question, position]).encode()).decode().rstrip("=")


def test_a_cursor_of_another_question_another_state_or_none_of_ours_says_to_start_again() -> None:
    question = ask(a_reef_world(), "upstream", "reef/growth", 3)
    view = question.view()
    request = PageRequest(max_tokens=1)
    cursor = a_cursor(view, request)
    changed = ProvenanceGraph(question.graph.nodes, question.graph.links[1:])
    others = [
        (view_lineage(Lineage(changed, "upstream", "reef/growth", 3)), request, cursor),
        (view_lineage(Lineage(question.graph, "upstream", "reef/growth", 4)), request, cursor),
        (ask(a_reef_world(), "upstream", "reef/run2", 3).view(), request, cursor),
        (view, PageRequest(subtypes=frozenset({"DATASET"})), cursor),
        (view, request, "garbage"),
        (view, request, cursor[:-4]),
        (view, request, tampered(cursor, "elsewhere")),
        (view, request, tampered(cursor, [view.digest, 99, 0])),
    ]

    for other, asked, given_cursor in others:
        with pytest.raises(CursorError, match=r"cursor") as failure:
            plan_page(other, PageRequest(asked.max_tokens, asked.subtypes, cursor=given_cursor))
        assert failure.value.advice == "Call the tool again without a cursor to start over."


def test_an_item_with_more_links_than_a_page_holds_goes_on_over_the_next() -> None:
    inputs = {f"data/{number}": Kind("ENTITY", "DATASET") for number in range(900)}
    graph = ProvenanceGraph(
        {"run": Kind("ACTIVITY", "MODEL_RUN"), "layout": Kind("ENTITY", "DATASET_TEMPLATE"), **inputs},
        (
            *(Link("run", "used", data) for data in inputs),
            *(Link(data, "wasInfluencedBy", "layout") for data in inputs),
        ),
    )
    view = view_lineage(Lineage(graph, "upstream", "run", 2))

    found = list(pages(view, PageRequest(max_tokens=1000)))

    with_layout = [page for page in found if links_of(page)[-1][0] == "wasInfluencedBy"]
    assert len(with_layout) > 1
    assert [row for page in found for _, _, row in node_rows(page) if row[1] == "layout"] == [(901, "layout")]
    assert [link for page in with_layout for link in links_of(page) if link[0] == "wasInfluencedBy"] == [
        ("wasInfluencedBy", source, 901) for source in range(1, 901)
    ]
    assert all(estimate_tokens(page.model_dump_json(exclude_none=True)) <= 1000 for page in found)


def test_a_clipped_page_uses_most_of_its_budget_and_wants_few_names_in_vain() -> None:
    inputs = tuple(f"10378.1/18{number}" for number in range(10_000, 10_300))
    view = ask(a_run("10378.1/170000", inputs, ()), "upstream", "10378.1/170000", 3).view()
    names = {node: f"Sea surface temperature of the southern reef, part {node[-4:]}" for node in view.ids}

    plan = plan_page(view, PageRequest())
    page = plan.write(names)

    assert 3700 <= estimate_tokens(page.model_dump_json(exclude_none=True)) <= 4000
    assert page.shown is not None
    assert page.shown < len(plan.wanted) <= 1.4 * page.shown


SCHEMA = jsonschema.Draft202012Validator(LineageResult.model_json_schema(mode="serialization"))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    question=questions(),
    max_tokens=st.sampled_from((1, 300, 450, 700, 4000)),
    subtypes=st.sampled_from((frozenset(), frozenset({"DATASET", "PERSON"}), frozenset({"MODEL_RUN"}))),
    name=NAMES,
)
def test_joined_pages_are_the_whole(
    question: Question, max_tokens: int, subtypes: frozenset[str], name: str
) -> None:
    view = question.view()
    names = dict.fromkeys(view.ids[::2], name)
    shown = {ref for ref, type_ in enumerate(view.types) if ref == 0 or not subtypes or type_ in subtypes}

    found = list(pages(view, PageRequest(max_tokens, subtypes), names))

    rows = [row for page in found for row in node_rows(page)]
    answers = [item for page in found for item in page.answer or ()]
    refs = [item.ref for item in answers] + [int(row[0]) for _, _, row in rows]
    assert sorted(refs) == sorted(shown - {0})
    for hop, type_, row in rows:
        ref = int(row[0])
        named = clean(names.get(view.ids[ref], ""), 80)
        assert (int(hop), type_) == (view.hops[ref], view.types[ref])
        assert row == ((ref, view.ids[ref], named) if named else (ref, view.ids[ref]))
    assert [item.ref for item in answers] == [ref for ref in range(1, view.answers + 1) if ref in shown]
    assert [(item.id, item.hop) for item in answers] == [
        (view.ids[item.ref], view.hops[item.ref]) for item in answers
    ]
    assert sorted(link for page in found for link in links_of(page)) == sorted(
        arc for arcs in view.arcs(sorted(shown)).values() for arc in arcs if shown.issuperset(arc[1:])
    )
    assert {page.totals.model_dump_json() for page in found} == {found[0].totals.model_dump_json()}
    assert found[0].totals.nodes == len(question.graph.nodes)
    assert found[0].totals.links == len(question.graph.links)
    SCHEMA.validate(as_json(found[-1]))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(question=questions(), max_tokens=st.integers(400, 2000), name=NAMES)
def test_a_page_keeps_its_budget_or_holds_a_single_row(
    question: Question, max_tokens: int, name: str
) -> None:
    view = question.view()

    for page in pages(view, PageRequest(max_tokens), dict.fromkeys(view.ids, name)):
        rows = len(node_rows(page)) + len(page.answer or ())
        assert rows <= 1 or estimate_tokens(page.model_dump_json(exclude_none=True)) <= max_tokens


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(question=questions(), max_tokens=st.integers(300, 4000), names=st.lists(NAMES, min_size=3, max_size=3))
def test_the_sum_of_a_pages_parts_is_never_less_than_its_tokens_and_hardly_more(
    question: Question, max_tokens: int, names: list[str]
) -> None:
    view = question.view()
    named = {node: names[place % 3] for place, node in enumerate(view.ids)}

    for page in pages(view, PageRequest(max_tokens), named):
        counted = estimate_tokens(page.model_dump_json(exclude_none=True))
        assert counted <= cost_of(page) <= counted + 3


def a_tangled_world(seed: int, query: LineageQuery = "downstream") -> LineageView:
    """Some 200 items in random links to items before them, many of which share their targets."""
    dice = Random(seed)
    kinds = [Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN"), Kind("AGENT", "PERSON")]
    ids = [f"10378.1/19{number}" for number in range(1_000, 1_000 + dice.randint(60, 300))]
    few = dice.sample(ids, 5)
    links = {
        Link(source, dice.choice(("used", "wasGeneratedBy", "wasInfluencedBy")), target)
        for place, source in enumerate(ids[1:], start=1)
        for target in {ids[dice.randrange(place)], *dice.sample(few, dice.randint(0, 4))}
        if source != target
    }
    graph = ProvenanceGraph({item: dice.choice(kinds) for item in ids}, tuple(sorted(links)))
    return view_lineage(Lineage(graph, query, ids[0], 100))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    name=NAMES,
    query=st.sampled_from(("downstream", "effected_datasets", "effected_agents")),
)
def test_what_rows_cost_before_they_are_written_is_never_less_than_what_they_do(
    seed: int, name: str, query: LineageQuery
) -> None:
    view = a_tangled_world(seed, query)
    arcs = view.arcs(range(len(view.ids)))
    named = clean(name, 80)

    page = plan_page(view, PageRequest(max_tokens=100_000)).write(dict.fromkeys(view.ids, name))
    costs = RowCosts(answers=view.is_special)
    answers = {item.ref: item for item in page.answer or ()}
    for ref, item in list(enumerate(view.ids))[1:]:
        words = (item, named) if named else (item,)
        if ref in answers:
            costs.add_answer(answers[ref])
        else:
            costs.add_row(str(view.hops[ref]), view.types[ref], ref, words)
        costs.add_links(arcs[ref])

    counted = count_pieces(page.model_dump_json(exclude_none=True))
    assert counted <= costs.pieces + cost_of_frame(page) <= 1.1 * counted


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    max_tokens=st.integers(500, 4000),
    query=st.sampled_from(("downstream", "effected_datasets")),
)
def test_the_pages_of_a_long_lineage_keep_their_budget_and_use_most_of_it(
    seed: int, max_tokens: int, query: LineageQuery
) -> None:
    view = a_tangled_world(seed, query)
    names = dict.fromkeys(view.ids, "Degree heating weeks at Heron Reef, 2004")

    *full, last = pages(view, PageRequest(max_tokens), names)

    used = [estimate_tokens(page.model_dump_json(exclude_none=True)) for page in full]
    rows = [len(node_rows(page)) for page in full]
    assert all(tokens <= max_tokens or count == 1 for tokens, count in zip(used, rows, strict=True))
    assert all(tokens >= max_tokens - 600 for tokens in used)
    assert estimate_tokens(last.model_dump_json(exclude_none=True)) <= max_tokens


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(question=questions(), words=st.sampled_from(("Reef 2020", "run (second)", '"quoted"', "½", "a\\b")))
def test_a_usual_pages_parts_add_up_to_its_tokens(question: Question, words: str) -> None:
    view = question.view()

    page = plan_page(view, PageRequest()).write(dict.fromkeys(view.ids, words))

    assert cost_of(page) == estimate_tokens(page.model_dump_json(exclude_none=True))
