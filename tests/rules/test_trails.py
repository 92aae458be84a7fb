import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run, assert_version
from provena_mcp.rules.trails import DIRECTION_OF, Trails, links_on_trails
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery
from provena_mcp.wire.records import Associations, ModelRunRecord, TemplatedDataset

from worlds import DATASETS, PEOPLE, worlds

GOLDENS = Path(__file__).parents[2] / "../shared/goldens"
QUERIES = tuple(DIRECTION_OF)
RUN = Kind("ACTIVITY", "MODEL_RUN")
DATASET = Kind("ENTITY", "DATASET")
PERSON = Kind("AGENT", "PERSON")


def trails(graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int) -> Iterator[tuple[Link, ...]]:
    """Every trail the query matches, by trying them all."""
    upstream = DIRECTION_OF[query] == "upstream"

    def walk(here: str, trail: tuple[Link, ...]) -> Iterator[tuple[Link, ...]]:
        yield from ends(here, trail)
        if len(trail) == depth:
            return
        for link in graph.links:
            near, far = (link.source, link.target) if upstream else (link.target, link.source)
            if near == here and link not in trail:
                yield from walk(far, (*trail, link))

    def ends(here: str, trail: tuple[Link, ...]) -> Iterator[tuple[Link, ...]]:
        kind = graph.nodes[here]
        if query == "effected_agents":
            for link in graph.links:
                if link.source == here and graph.nodes[link.target].category == "AGENT" and link not in trail:
                    yield (*trail, link)
        elif (
            (query in ("upstream", "downstream"))
            or (query.endswith("_datasets") and kind.subtype == "DATASET")
            or (query == "contributing_agents" and kind.category == "AGENT")
        ):
            yield trail

    yield from walk(start, ())


def links_by_brute_force(graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int) -> set[Link]:
    return {link for trail in trails(graph, start, query, depth) for link in trail}


@settings(max_examples=250, deadline=None)
@given(
    graph=worlds(),
    start=st.sampled_from((*DATASETS, *PEOPLE, "run/0", "organisation", "study", "template")),
    query=st.sampled_from(QUERIES),
    depth=st.integers(1, 6),
)
def test_the_links_are_those_of_all_trails_even_where_runs_overwrite_their_inputs(
    graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int
) -> None:
    if start not in graph.nodes:
        assert links_on_trails(graph, start, query, depth) == Trails()
        return

    found = links_on_trails(graph, start, query, depth)

    assert set(found.links) == links_by_brute_force(graph, start, query, depth)
    assert len(set(found.links)) == len(found.links)
    assert found.exact
