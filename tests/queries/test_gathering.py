"""Lineage gathered in many small queries equals lineage answered in one."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import DeadlineError, DepthLimitError, NotFoundError, ProvenaError, UnavailableError
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import links_on_trails
from provena_mcp.wire.lineage import Contradiction, LineageQuery
from tests.worlds.random_worlds import worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

QUERIES: tuple[LineageQuery, ...] = (
    "upstream",
    "downstream",
    "contributing_datasets",
    "effected_datasets",
    "contributing_agents",
    "effected_agents",
)


class CappedProvena:
    """A Provena over one graph that refuses queries deeper than its cap, and counts those it answers.

    A query that starts from an item of ``failing`` fails like that.
    """

    def __init__(
        self, graph: ProvenanceGraph, cap: int, failing: Mapping[str, ProvenaError] | None = None
    ) -> None:
        self.graph = graph
        self.cap = cap
        self.failing = failing or {}
        self.answered = 0

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        if depth > self.cap:
            raise DepthLimitError(self.cap)
        if starting_id in self.failing:
            raise self.failing[starting_id]
        self.answered += 1
        links = links_on_trails(self.graph, starting_id, query, depth).links
        ends = {end for link in links for end in (link.source, link.target)}
        return ProvenanceGraph({node: self.graph.nodes[node] for node in ends}, links)


def gather(graph: ProvenanceGraph, cap: int, query: LineageQuery, start: str, depth: int) -> Lineage:
    return asyncio.run(gather_lineage(CappedProvena(graph, cap), DepthCap(), query, start, depth))


def chain(length: int) -> ProvenanceGraph:
    """Datasets and runs in turn, d0 the result of all the others."""
    nodes = [f"{'d' if number % 2 == 0 else 'r'}{number}" for number in range(length + 1)]
    links = [
        Link(later, "wasGeneratedBy" if later[0] == "d" else "used", earlier)
        for later, earlier in pairwise(nodes)
    ]
    kinds = {
        node: Kind("ENTITY", "DATASET") if node[0] == "d" else Kind("ACTIVITY", "MODEL_RUN") for node in nodes
    }
    return ProvenanceGraph(kinds, tuple(links))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(1, 4),
    query=st.sampled_from(QUERIES),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_many_capped_queries_find_the_links_of_one_deep_query(
    world: ProvenanceGraph, cap: int, query: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, query, start, depth)
    assert set(found.graph.links) == set(links_on_trails(world, start, query, depth).links)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(1, 12),
    direction=st.sampled_from(("upstream", "downstream")),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_an_exploration_is_complete_exactly_when_one_hop_more_adds_nothing(
    world: ProvenanceGraph, cap: int, direction: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, direction, start, depth)
    deeper = links_on_trails(world, start, direction, depth + 1).links
    assert (found.incomplete_because is None) == (set(found.graph.links) == set(deeper))


@pytest.mark.parametrize(
    ("depth", "because"),
    [
        (9, "stopped at depth 9; lineage goes on from 1 item at hop 9"),
        (22, "stopped at depth 22; lineage goes on from 1 item at hop 22"),
        (23, None),
        (100, None),
    ],
)
def test_a_chain_longer_than_the_cap_is_followed_to_the_depth_asked_for(depth: int, because: str | None):
    found = gather(chain(23), 10, "contributing_datasets", "d0", depth)
    datasets = {node for node in found.graph.nodes if node.startswith("d")} - {"d0"}
    assert datasets == {f"d{number}" for number in range(2, min(depth, 23) + 1, 2)}
    assert found.incomplete_because == because


def test_a_query_within_the_cap_asks_once():
    provena = CappedProvena(chain(6), 10)
    asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 3))
    assert provena.answered == 1


def test_a_walk_that_needs_too_many_queries_says_where_it_stopped():
    provena = CappedProvena(chain(99), 1)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 100))
    assert provena.answered == 60
    assert found.incomplete_because == (
        "stopped after 60 queries; 1 item from hop 60 on not followed further"
    )


@pytest.mark.parametrize(
    ("depth", "reached", "because"),
    [
        (10, 10, "1 item no longer in the registry cannot be followed further"),
        (15, 10, "1 item no longer in the registry cannot be followed further"),
        (9, 9, "stopped at depth 9; lineage goes on from 1 item at hop 9"),
    ],
)
@pytest.mark.parametrize("query", ["upstream", "contributing_datasets"])
def test_an_item_the_registry_has_lost_ends_the_walk_there_and_not_the_answer(
    query: LineageQuery, depth: int, reached: int, because: str
):
    provena = CappedProvena(chain(23), 10, {"d10": NotFoundError("There is no item 'd10'.")})
    found = asyncio.run(gather_lineage(provena, DepthCap(), query, "d0", depth))
    whole = links_on_trails(provena.graph, "d0", query, reached).links
    assert (set(found.graph.links), found.incomplete_because) == (set(whole), because)


def test_a_start_that_is_not_in_the_registry_is_not_found():
    provena = CappedProvena(chain(3), 10, {"d0": NotFoundError("There is no item 'd0'.")})
    with pytest.raises(NotFoundError, match="'d0'"):
        asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "d0", 3))


def test_a_deployment_that_fails_on_the_way_fails_the_answer():
    provena = CappedProvena(chain(23), 10, {"d10": UnavailableError("No connection to prov-api.")})
    with pytest.raises(UnavailableError):
        asyncio.run(gather_lineage(provena, DepthCap(), "upstream", "d0", 15))


def test_a_refusal_that_contradicts_itself_is_told_and_not_asked_again_for_ever():
    provena = CappedProvena(chain(3), 10, {"d0": DepthLimitError(10)})
    with pytest.raises(DepthLimitError):
        asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "d0", 3))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    world=worlds(),
    cap=st.integers(2, 12),
    query=st.sampled_from(QUERIES[2:]),
    depth=st.integers(1, 8),
    data=st.data(),
)
def test_a_special_answer_called_complete_has_nothing_more_at_any_depth(
    world: ProvenanceGraph, cap: int, query: LineageQuery, depth: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = gather(world, cap, query, start, depth)
    deep = gather(world, 100, query, start, 60)
    asked = {node for node, kind in found.graph.nodes.items() if kind.is_asked_for(query)}
    if found.incomplete_because is None:
        assert asked == {node for node, kind in deep.graph.nodes.items() if kind.is_asked_for(query)}
    assert found.goes_deeper == (found.incomplete_because is not None)


def test_what_can_lead_to_no_dataset_does_not_make_an_answer_incomplete():
    graph = chain(2).merged(
        [
            ProvenanceGraph(
                {
                    "d2": Kind("ENTITY", "DATASET"),
                    "c": Kind("ACTIVITY", "CREATE"),
                    "p": Kind("AGENT", "PERSON"),
                },
                (Link("d2", "wasGeneratedBy", "c"), Link("c", "wasAssociatedWith", "p")),
            )
        ]
    )
    assert gather(graph, 10, "contributing_datasets", "d0", 2).incomplete_because is None
    assert gather(graph, 10, "upstream", "d0", 2).incomplete_because == (
        "stopped at depth 2; lineage goes on from 1 item at hop 2"
    )


class DecidingProvena(CappedProvena):
    """Knows which links a special query returns, however tangled, and keeps what it was asked."""

    def __init__(self, graph: ProvenanceGraph, cap: int, returned: tuple[Link, ...]) -> None:
        super().__init__(graph, cap)
        self.returned = returned
        self.asked: list[LineageQuery] = []

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        answer = await super().explore(query, starting_id, depth)
        self.asked.append(query)
        return answer if query in ("upstream", "downstream") else ProvenanceGraph(answer.nodes, self.returned)


TANGLED = (
    Link("start", "used", "one"),
    Link("one", "wasGeneratedBy", "crossing"),
    Link("crossing", "used", "other"),
)
UNDECIDED = Link("other", "wasGeneratedBy", "crossing")
TOO_LARGE = "a tangle of cycles was too large to resolve exactly; some links may lie on no single trail"


def a_tangle_that_cannot_be_decided() -> ProvenanceGraph:
    run, dataset = Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET")
    kinds = {"start": run, "one": dataset, "crossing": run, "other": dataset}
    back = Link("crossing", "wasInformedBy", "start")
    return ProvenanceGraph(kinds, (*TANGLED, UNDECIDED, back))


@pytest.mark.parametrize(("cap", "is_asked"), [(10, True), (3, False)])
def test_of_a_tangle_that_cannot_be_decided_the_service_is_asked_where_one_query_reaches(
    cap: int, is_asked: bool
):
    provena = DecidingProvena(a_tangle_that_cannot_be_decided(), cap, TANGLED)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "start", 8))

    assert ("contributing_datasets" in provena.asked) == is_asked
    assert set(found.graph.links) == {*TANGLED, *(() if is_asked else (UNDECIDED,))}
    assert found.incomplete_because == (None if is_asked else TOO_LARGE)


@pytest.mark.parametrize("failure", [UnavailableError("Down."), DeadlineError("Too slow.")])
def test_of_a_tangle_that_the_service_fails_to_decide_all_is_shown_that_may_lie_on_a_trail(
    failure: ProvenaError,
):
    class Failing(DecidingProvena):
        async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
            if query == "contributing_datasets":
                raise failure
            return await super().explore(query, starting_id, depth)

    provena = Failing(a_tangle_that_cannot_be_decided(), 10, TANGLED)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "start", 8))

    assert set(found.graph.links) == {*TANGLED, UNDECIDED}
    assert found.incomplete_because == TOO_LARGE


class LyingProvena(CappedProvena):
    """Answers with a part of the truth: links lost or turned round, strangers added."""

    def __init__(self, graph: ProvenanceGraph, lost: frozenset[int], turned: frozenset[int], strangers: int):
        super().__init__(graph, cap=10)
        self.lost, self.turned, self.strangers = lost, turned, strangers
        self.given: list[ProvenanceGraph] = []

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        true = await super().explore(query, starting_id, depth)
        links = tuple(
            Link(link.target, link.relation, link.source) if number in self.turned else link
            for number, link in enumerate(sorted(true.links))
            if number not in self.lost
        )
        nodes = dict(true.nodes) | {
            f"stranger/{number}": Kind("ENTITY", "DATASET") for number in range(self.strangers)
        }
        self.given.append(ProvenanceGraph(nodes, links))
        return self.given[-1]


NUMBERS = st.frozensets(st.integers(0, 30), max_size=4)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    world=worlds(),
    query=st.sampled_from(QUERIES),
    lost=NUMBERS,
    turned=NUMBERS,
    strangers=st.integers(0, 2),
    depth=st.integers(1, 9),
    data=st.data(),
)
def test_an_answer_whose_items_no_link_joins_to_the_start_is_never_complete_nor_given_hops(
    world: ProvenanceGraph,
    query: LineageQuery,
    lost: frozenset[int],
    turned: frozenset[int],
    strangers: int,
    depth: int,
    data: st.DataObject,
):
    provena = LyingProvena(world, lost, turned, strangers)
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    found = asyncio.run(gather_lineage(provena, DepthCap(), query, start, depth))

    assert -1 not in found.hops
    first, *others = provena.given
    answered = first.merged(others)
    if -1 in Lineage(answered, query, start, depth).hops and query in ("upstream", "downstream"):
        assert found.incomplete_because is not None
        assert "that no link joins to" in found.incomplete_because


def test_an_item_that_is_given_two_kinds_makes_the_answer_incomplete_and_is_named():
    kinds = {"d0": Kind("ENTITY", "DATASET"), "r1": Kind("ACTIVITY", "MODEL_RUN")}
    graph = ProvenanceGraph(kinds, (Link("d0", "wasGeneratedBy", "r1"),), (Contradiction("kinds", "r1"),))
    found = Lineage(graph, "upstream", "d0", 3).joined()

    assert found.incomplete_because == "the service gave 1 item two kinds: r1"
    assert found.graph.nodes == kinds
