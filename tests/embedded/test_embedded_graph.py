"""The stored graph against the plain meaning of what records assert."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.embedded.graph import lodge
from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import links_on_trails
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery

DATASET, RUN, PERSON = Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN"), Kind("AGENT", "PERSON")


def _graph(*links: Link, **kinds: Kind) -> ProvenanceGraph:
    ends = {end for link in links for end in (link.source, link.target)}
    return ProvenanceGraph({end: kinds.get(end, DATASET) for end in sorted(ends)}, links)


def _lodge(store: Store, *records: tuple[str, ProvenanceGraph]) -> None:
    with store.write() as connection:
        lodge(connection, records)


def _explore(store: Store, start: str, query: LineageQuery = "upstream", depth: int = 10) -> ProvenanceGraph:
    with store.read() as connection:
        return explore(connection, start, query, depth)


def _stored(store: Store) -> tuple[dict[str, str], set[tuple[str, str]]]:
    with store.read() as connection:
        nodes = dict(connection.execute("SELECT id, subtype FROM node").fetchall())
        links = connection.execute(
            "SELECT s.id, t.id FROM link JOIN node s ON s.key = source JOIN node t ON t.key = target"
        ).fetchall()
    return nodes, set(links)


def test_a_withdrawn_record_leaves_nothing_of_its_own_and_nothing_of_others_goes(store: Store) -> None:
    shared = Link("run1", "used", "data")
    _lodge(
        store,
        ("run1", _graph(shared, run1=RUN)),
        ("run2", _graph(Link("run2", "used", "data"), shared, run1=RUN, run2=RUN)),
    )
    _lodge(store, ("run2", ProvenanceGraph()))
    assert _stored(store) == ({"run1": "MODEL_RUN", "data": "DATASET"}, {("run1", "data")})
    _lodge(store, ("run1", ProvenanceGraph()))
    assert _stored(store) == ({}, set())


def test_withdrawing_what_was_never_lodged_changes_nothing(store: Store) -> None:
    _lodge(store, ("run", ProvenanceGraph()))
    assert _stored(store) == ({}, set())


def test_an_update_that_shares_an_item_makes_no_second_node_of_it(store: Store) -> None:
    _lodge(store, ("run1", _graph(Link("run1", "used", "a"), run1=RUN)))
    _lodge(store, ("run2", _graph(Link("run2", "used", "b"), run2=RUN)))
    _lodge(store, ("run2", _graph(Link("run2", "used", "a"), run2=RUN)))
    assert _explore(store, "a", "downstream") == ProvenanceGraph(
        {"run1": RUN, "run2": RUN, "a": DATASET}, (Link("run1", "used", "a"), Link("run2", "used", "a"))
    )


def test_an_item_is_what_was_asserted_last(store: Store) -> None:
    _lodge(store, ("run1", _graph(Link("run1", "used", "w"), w=Kind("ENTITY", "WORKFLOW_TEMPLATE"))))
    _lodge(
        store, ("made", _graph(Link("made", "used", "w"), w=Kind("ENTITY", "MODEL_RUN_WORKFLOW_TEMPLATE")))
    )
    assert _explore(store, "run1").nodes["w"] == Kind("ENTITY", "MODEL_RUN_WORKFLOW_TEMPLATE")


def test_of_two_relations_between_a_pair_the_first_is_shown_until_it_is_withdrawn(store: Store) -> None:
    _lodge(store, ("one", _graph(Link("one", "used", "a"), Link("a", "wasAttributedTo", "p"), p=PERSON)))
    _lodge(store, ("two", _graph(Link("two", "used", "a"), Link("a", "wasInfluencedBy", "p"), p=PERSON)))
    first = _explore(store, "a").links
    _lodge(store, ("one", ProvenanceGraph()))
    assert (first, _explore(store, "a").links) == (
        (Link("a", "wasAttributedTo", "p"),),
        (Link("a", "wasInfluencedBy", "p"),),
    )


def test_a_cycle_is_walked_once(store: Store) -> None:
    cycle = (Link("a", "wasGeneratedBy", "run"), Link("run", "used", "a"))
    _lodge(store, ("run", _graph(*cycle, run=RUN)))
    assert set(_explore(store, "a", depth=100).links) == set(cycle)


def test_depth_counts_hops_from_the_start(store: Store) -> None:
    links = tuple(Link(f"n{place}", "wasInfluencedBy", f"n{place + 1}") for place in range(5))
    _lodge(store, ("n0", _graph(*links)))
    assert [len(_explore(store, "n0", depth=depth).links) for depth in (0, 1, 3, 5, 9)] == [0, 1, 3, 5, 5]


def test_an_item_without_a_link_that_way_gives_nothing_not_even_itself(store: Store) -> None:
    _lodge(store, ("run", _graph(Link("run", "used", "a"), run=RUN)))
    assert (_explore(store, "a"), _explore(store, "unknown")) == (ProvenanceGraph(), ProvenanceGraph())


def test_ids_may_hold_any_text(store: Store) -> None:
    odd = "'; DROP TABLE node; -- \"\\ \u2028 é 😀 \n,"
    link = Link(odd, "used", "")
    _lodge(store, (odd, _graph(link)))
    assert _explore(store, odd) == ProvenanceGraph({odd: DATASET, "": DATASET}, (link,))


_NODES = st.sampled_from([f"n{number}" for number in range(7)])
_KINDS = {f"n{number}": (DATASET, RUN, PERSON)[number % 3] for number in range(7)} | {
    f"r{number}": RUN for number in range(4)
}
_LINKS = st.builds(
    Link, _NODES, st.sampled_from(["used", "wasGeneratedBy", "wasAttributedTo"]), _NODES
).filter(lambda link: link.source != link.target)
_RECORDS = st.tuples(st.sampled_from([f"r{number}" for number in range(4)]), st.lists(_LINKS, max_size=6))


def _assertion(record: str, links: list[Link]) -> ProvenanceGraph:
    if not links:
        return ProvenanceGraph()
    unique = {(link.source, link.target): link for link in links}
    ends = {end for pair in unique for end in pair}
    return ProvenanceGraph({record: RUN} | {end: _KINDS[end] for end in ends}, tuple(unique.values()))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(_RECORDS, max_size=8), st.sampled_from(sorted(LINEAGE_ROUTE)), _NODES, st.integers(1, 6))
def test_whatever_is_lodged_queries_see_what_is_asserted_now(
    history: list[tuple[str, list[Link]]], query: LineageQuery, start: str, depth: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite3")
        asserted: dict[str, ProvenanceGraph] = {}
        for record, links in history:
            asserted[record] = _assertion(record, links)
            _lodge(store, (record, asserted[record]))
        whole = _union(asserted)
        trails = links_on_trails(whole, start, query, depth)
        found = _explore(store, start, query, depth)
        nodes, links_now = _stored(store)
        store.close()
    assert (set(nodes), links_now) == (set(whole.nodes), {(link.source, link.target) for link in whole.links})
    # Which of two relations between a pair is shown is another test's matter.
    assert {(link.source, link.target) for link in found.links} == {
        (link.source, link.target) for link in trails.links
    }
    assert set(found.nodes) == {end for link in found.links for end in (link.source, link.target)}


def _union(asserted: Mapping[str, ProvenanceGraph]) -> ProvenanceGraph:
    return ProvenanceGraph().merged(asserted.values())
