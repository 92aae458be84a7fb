"""How a lineage goes on over pages: joined they are the whole, and a cursor is for its question alone."""

import base64
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import CursorError
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.text import clean
from tests.worlds.lineages import (
    NAMES,
    Question,
    a_reef_world,
    a_run,
    as_json,
    ask,
    links_of,
    node_rows,
    pages,
    questions,
)


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
