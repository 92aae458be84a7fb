"""What a page of lineage costs in tokens: known before it is written, and within its budget."""

import gc
import tracemalloc
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.costs import RowCosts, cost_of, cost_of_frame
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.budgets import count_pieces, estimate_tokens
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.text import clean
from provena_mcp.wire.lineage import LineageQuery
from tests.worlds.lineages import NAMES, Question, a_run, ask, node_rows, pages, questions

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover


def test_a_clipped_page_uses_most_of_its_budget_and_wants_few_names_in_vain() -> None:
    inputs = tuple(f"10378.1/18{number}" for number in range(10_000, 10_300))
    view = ask(a_run("10378.1/170000", inputs, ()), "upstream", "10378.1/170000", 3).view()
    names = {node: f"Sea surface temperature of the southern reef, part {node[-4:]}" for node in view.ids}

    plan = plan_page(view, PageRequest())
    page = plan.write(names)

    assert 3700 <= estimate_tokens(page.model_dump_json(exclude_none=True)) <= 4000
    assert page.shown is not None
    assert page.shown < len(plan.wanted) <= 1.4 * page.shown


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


def test_nothing_is_kept_of_long_ids_and_names_that_were_on_a_page() -> None:
    def page_of_long_words(number: int) -> None:
        inputs = tuple(f"10378.1/{place}{chr(97 + number) * 100_000}" for place in range(10))
        view = ask(a_run("run", inputs, ()), "upstream", "run", 3).view()
        plan_page(view, PageRequest(max_tokens=10_000_000)).write({node: f"Reef {node}" for node in inputs})

    tracemalloc.start()
    for number in range(5):
        page_of_long_words(number)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
