"""How the datasets of a lineage came to be, over how many runs they are reached, and what is near."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final, Literal

from provena_mcp.rules.graph import Direction, ProvenanceGraph

Origin = Literal["registered", "new_version"]

_MOST_MAKERS: Final = 6


@dataclass(frozen=True)
class Makers:
    """How some datasets of an upstream lineage came to be, by id.

    Attributes:
        runs: The runs that made a dataset.
        versions: Datasets that were registered as new versions.
        known: Datasets whose makers are known, none of them among those beyond what was followed.
    """

    runs: Mapping[str, Sequence[str]]
    versions: frozenset[str]
    known: frozenset[str]

    def several(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Those of ``ids`` that several runs made, and the first of those runs."""
        runs = {item: self.runs.get(item, ()) for item in ids}
        return {item: tuple(sorted(made)[:_MOST_MAKERS]) for item, made in runs.items() if len(made) > 1}

    def none(self, ids: Iterable[str]) -> dict[Origin, tuple[str, ...]]:
        """Those of ``ids`` that no recorded run made, as far as that is known, by what they are instead."""
        found: dict[Origin, list[str]] = {}
        for item in ids:
            if item in self.known and item not in self.runs:
                found.setdefault("new_version" if item in self.versions else "registered", []).append(item)
        return {origin: tuple(items) for origin, items in found.items()}


def find_makers(graph: ProvenanceGraph, items: Iterable[str], *, is_complete: bool) -> Makers:
    """The makers of those of ``items`` that are datasets, in a graph that was followed upstream.

    Of an incomplete lineage an item that leads nowhere may only not have been followed.
    """
    ids, kinds, sources, relations, targets = graph.columns
    numbers = map(graph.numbers.get, items)
    wanted = [node for node in numbers if node is not None and kinds[node].subtype == "DATASET"]
    is_wanted = bytearray(len(ids))
    for node in wanted:
        is_wanted[node] = True
    links = compress(zip(sources, relations, targets, strict=True), map(is_wanted.__getitem__, sources))
    runs: dict[str, list[str]] = {}
    versions: set[str] = set()
    for source, relation, target in links:
        if relation == "wasGeneratedBy" and kinds[target].subtype == "MODEL_RUN":
            runs.setdefault(ids[source], []).append(ids[target])
        elif relation == "wasGeneratedBy" and kinds[target].subtype == "VERSION":
            versions.add(ids[source])
    ways = graph.ways("upstream")
    return Makers(
        runs, frozenset(versions), frozenset(ids[node] for node in wanted if is_complete or ways[node])
    )


def fewest_runs(
    graph: ProvenanceGraph, start: str, direction: Direction, within: int | None = None
) -> dict[str, int]:
    """The fewest runs on a shortest way from the start to each item that is reached, both ends counted.

    With ``within``, only to items at most so many hops away.
    """
    columns, ways = graph.columns, graph.ways(direction)
    hops, levels, _ = graph.walk(start, direction)
    levels = levels if within is None else levels[: within + 1]
    is_run = [kind.subtype == "MODEL_RUN" for kind in columns.kinds]
    runs: dict[int, int] = {node: int(is_run[node]) for level in levels[:1] for node in level}
    for hop, level in enumerate(levels[:-1], start=1):
        for node in level:
            for other in ways[node]:
                if hops[other] == hop:
                    runs[other] = min(runs.get(other, len(hops)), runs[node] + is_run[other])
    return {columns.ids[node]: runs[node] for level in levels for node in level}


def near_by_type(graph: ProvenanceGraph, start: str, direction: Direction) -> dict[str, int]:
    """Items one link away from the start, by type."""
    number = graph.numbers.get(start)
    near = () if number is None else set(graph.ways(direction)[number])
    counts = Counter(graph.columns.kinds[node].registry_subtype for node in near)
    return dict(sorted(counts.items()))
