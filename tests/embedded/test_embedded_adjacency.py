"""Walking the graph over arrays answers what SQL answers, whatever is written meanwhile and by whom."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provena_mcp.embedded import graph
from provena_mcp.embedded.adjacency import Adjacency
from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.store import Store
from provena_mcp.embedded.store_path import IN_MEMORY
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LINEAGE_ROUTE
from tests.worlds.small import chain

NODES = [f"n/{number}" for number in range(12)]
KINDS = [Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN"), Kind("AGENT", "PERSON")]


def asserted(record: str, links: list[tuple[int, int, int]], kind: int) -> ProvenanceGraph:
    """What a record asserts: itself and links between nodes of a small world."""
    found = tuple(Link(NODES[near], graph.RELATIONS[relation], NODES[far]) for near, relation, far in links)
    nodes = {
        end: KINDS[(NODES.index(end) + kind) % 3] for link in found for end in (link.source, link.target)
    }
    return ProvenanceGraph({**nodes, record: KINDS[1]}, found)


def answers(store: Store, adjacency: Adjacency | None) -> list[Any]:
    """Every lineage query from every node, by SQL or over the arrays."""
    walk = adjacency.neighbourhood if adjacency else None
    with store.read() as connection:
        found = [
            explore(connection, node, query, depth, walk)
            for node in NODES
            for query in LINEAGE_ROUTE
            for depth in (1, 2, 5)
        ]
    return list(map(unordered, found))


def unordered(answer: ProvenanceGraph) -> tuple[dict[str, Kind], list[Link]]:
    return dict(answer.nodes), sorted(answer.links)


LINKS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 14), st.integers(0, 11)), max_size=6)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["lodge", "clear", "fill"]), st.integers(0, 4), LINKS, st.integers(0, 2)),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES)
def test_arrays_answer_what_sql_answers_after_any_changes(changes: list[Any]) -> None:
    store = Store(IN_MEMORY)
    adjacency = Adjacency(store)
    adjacency.fill()
    for change, record, links, kind in changes:
        if change == "fill":
            adjacency.fill()
        else:
            with store.write() as connection:
                if change == "clear":
                    graph.clear(connection)
                else:
                    graph.lodge(connection, [(f"n/{record}", asserted(f"n/{record}", links, kind))])
        assert answers(store, adjacency) == answers(store, None)
    adjacency.close()
    store.close()


@pytest.mark.slow
def test_what_another_process_writes_is_seen_at_once(tmp_path: Path) -> None:
    ours, theirs = Store(tmp_path / "store.sqlite3"), Store(tmp_path / "store.sqlite3")
    adjacency = Adjacency(ours)
    rng = random.Random(5)
    adjacency.fill()
    for round_ in range(40):
        links = [(rng.randrange(12), rng.randrange(15), rng.randrange(12)) for _ in range(4)]
        with theirs.write() as connection:
            graph.lodge(connection, [(f"n/{round_ % 5}", asserted(f"n/{round_ % 5}", links, round_))])
        assert answers(ours, adjacency) == answers(theirs, None)
    adjacency.close()
    ours.close()
    theirs.close()


@pytest.mark.parametrize("changes", [1, 1_500])
def test_arrays_are_given_up_when_more_has_happened_than_is_kept(
    store: Store, load: Callable[..., Any], changes: int
) -> None:
    load(chain(3))
    adjacency = Adjacency(store)
    adjacency.fill()
    with store.write() as connection:
        for number in range(changes):
            graph.lodge(connection, [("n/0", asserted("n/0", [(0, number % 15, 1)], 0))])
    with store.read() as connection:
        found = explore(connection, "n/0", "upstream", 3, adjacency.neighbourhood)
        assert unordered(found) == unordered(explore(connection, "n/0", "upstream", 3))
    adjacency.close()


def test_a_walk_in_an_older_state_of_the_store_sees_that_state(
    store: Store, load: Callable[..., Any]
) -> None:
    load(chain(3))
    adjacency = Adjacency(store)
    with store.read() as before:
        expected = unordered(explore(before, "w/d3", "upstream", 9))
        load([*chain(3)[:-1], {**chain(3)[-1], "record": {**chain(3)[-1]["record"], "outputs": []}}])
        adjacency.fill()
        assert unordered(explore(before, "w/d3", "upstream", 9, adjacency.neighbourhood)) == expected
    with store.read() as after:
        found = explore(after, "w/d3", "upstream", 9, adjacency.neighbourhood)
        assert unordered(found) == unordered(explore(after, "w/d3", "upstream", 9))
    adjacency.close()


def test_arrays_are_filled_once_sql_has_handed_over_as_many_links_as_there_are(
    store: Store, load: Callable[..., Any]
) -> None:
    load(chain(200))
    adjacency = Adjacency(store)

    def statements() -> int:
        seen: list[str] = []
        with store.read() as connection:
            connection.set_trace_callback(seen.append)
            explore(connection, "w/d200", "upstream", 100, adjacency.neighbourhood)
            connection.set_trace_callback(None)
        return len(seen)

    counts = [statements()]
    while counts[-1] > 1:
        counts.append(statements())
        assert len(counts) < 1_000
        adjacency.wait()
    # One a hop at first; then the one that says which version of the graph this is.
    assert (counts[0] > 100, counts[-1]) == (True, 1)
    adjacency.close()
