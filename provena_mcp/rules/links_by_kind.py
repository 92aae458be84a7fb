"""Picks links out of a graph by the kinds of their ends, and makes no others into tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress

from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph

OfKind = Callable[[Kind], bool]


def is_version(kind: Kind) -> bool:
    """Whether what is of this kind made a new version of an item."""
    return kind.subtype == "VERSION"


def links_from(graph: ProvenanceGraph, is_wanted: OfKind) -> list[Link]:
    """The links whose source is of such a kind."""
    return _links(graph, map(_flags(graph, is_wanted).__getitem__, graph.columns.sources))


def links_to(graph: ProvenanceGraph, is_wanted: OfKind) -> list[Link]:
    """The links whose target is of such a kind."""
    return _links(graph, map(_flags(graph, is_wanted).__getitem__, graph.columns.targets))


def _flags(graph: ProvenanceGraph, is_wanted: OfKind) -> Sequence[bool]:
    verdicts = {kind: is_wanted(kind) for kind in set(graph.columns.kinds)}
    return list(map(verdicts.__getitem__, graph.columns.kinds))


def _links(graph: ProvenanceGraph, chosen: Iterable[bool]) -> list[Link]:
    ids, _, sources, relations, targets = graph.columns
    ends = compress(zip(sources, relations, targets, strict=True), chosen)
    return [Link(ids[source], relation, ids[target]) for source, relation, target in ends]
