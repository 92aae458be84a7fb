"""Random directed graphs, most of them cyclic, and their paths by brute force."""

from collections.abc import Iterator

from hypothesis import strategies as st

from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph

NODES = tuple("abcdefgh")
RELATIONS = ("used", "wasGeneratedBy", "wasInformedBy", "wasAttributedTo", "hadMember")


@st.composite
def graphs(draw: st.DrawFn) -> ProvenanceGraph:
    """At most eight items and 24 links between different items, one a pair."""
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda pair: pair[0] != pair[1]),
            max_size=24,
            unique=True,
        )
    )
    relation = st.sampled_from(RELATIONS)
    kind = Kind("ENTITY", "DATASET")
    links = tuple(Link(source, draw(relation), target) for source, target in pairs)
    return ProvenanceGraph(dict.fromkeys(NODES, kind), links)


def simple_paths(
    graph: ProvenanceGraph, start: str, goal: str, direction: Direction
) -> Iterator[tuple[str, ...]]:
    """Every way from ``start`` to ``goal`` that visits no item twice, by trying them all."""
    steps = {(link.source, link.target) for link in graph.links}
    if direction == "downstream":
        steps = {(target, source) for source, target in steps}

    def walk(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if path[-1] == goal:
            yield path
            return
        for near, far in steps:
            if near == path[-1] and far not in path:
                yield from walk((*path, far))

    yield from walk((start,))
