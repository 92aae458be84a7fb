"""A Mermaid flowchart of the items that matter to an answer, clustered by study or else by run.

A run belongs to its study, a dataset to the study of the run that made it; where no run drawn has a
study, each run and what it made form a cluster. The nearest few clusters are drawn; what does not fit
is one box for each cluster, with a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.lineage.diagram import LABEL_LENGTH, MAX_BOXES, escaped
from provena_mcp.rules.graph import Link, ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.text import clean

_MAX_CLUSTERS: Final = 10
_OUTSIDE: Final = ""


@dataclass(frozen=True)
class ClusteredDiagram:
    """A drawing without its names.

    Attributes:
        items: Everything it tells of, what matters most first.
        links: Between them.
        ends: Drawn with a thick border.
        cluster_of: An item -> the study or run it is drawn in; items outside of any are absent.
        drawn: How many items, from the first, are drawn one by one.
    """

    items: tuple[str, ...]
    links: tuple[Link, ...]
    ends: frozenset[str]
    cluster_of: Mapping[str, str]
    drawn: int

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids whose names the drawing shows."""
        return tuple(dict.fromkeys((*self.items[: self.drawn], *filter(None, self._clusters))))

    def text(self, names: Mapping[str, str]) -> str:
        """The drawing as Mermaid, with the names that are known."""
        lines = ["flowchart LR", "%% Arrows point from an item to what it depends on."]
        if self.drawn < len(self.items):
            lines.append(f"%% {self.drawn} of {len(self.items)} items are drawn one by one.")
        return "\n".join([*lines, *self._boxes(names), *self._arrows(), *self._styles(), ""])

    @kept_property
    def _clusters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.cluster_of.get(item, _OUTSIDE) for item in self.items))

    @kept_property
    def _box_of(self) -> Mapping[str, str]:
        """An item -> the box it is drawn as."""
        boxes = {item: f"n{place}" for place, item in enumerate(self.items[: self.drawn])}
        for item in self.items[self.drawn :]:
            boxes[item] = f"g{self._clusters.index(self.cluster_of.get(item, _OUTSIDE))}"
        return boxes

    def _boxes(self, names: Mapping[str, str]) -> Iterator[str]:
        for number, cluster in enumerate(self._clusters):
            if cluster == _OUTSIDE:
                yield from self._members(cluster, names, "  ")
                continue
            yield f'  subgraph c{number}["{_label(cluster, names)}"]'
            yield from self._members(cluster, names, "    ")
            yield "  end"

    def _members(self, cluster: str, names: Mapping[str, str], indent: str) -> Iterator[str]:
        members = [item for item in self.items if self.cluster_of.get(item, _OUTSIDE) == cluster]
        collapsed = Counter(self._box_of[item] for item in members if self._box_of[item].startswith("g"))
        for item in members:
            if self._box_of[item].startswith("n"):
                yield f'{indent}{self._box_of[item]}["{_label(item, names)}"]'
        for box, count in collapsed.items():
            yield f'{indent}{box}[["{count} {"more" if count < len(members) else "in all"}"]]'

    def _arrows(self) -> Iterator[str]:
        counts: Counter[tuple[str, str, str]] = Counter()
        for source, relation, target in self.links:
            ends = self._box_of[source], self._box_of[target]
            if ends[0] != ends[1]:
                counts[ends[0], relation, ends[1]] += 1
        for (source, relation, target), count in sorted(counts.items()):
            times = f" x{count}" if count > 1 else ""
            yield f'  {source} -->|"{escaped(relation)}{times}"| {target}'

    def _styles(self) -> Iterator[str]:
        for box in sorted(self._box_of[end] for end in self.ends):
            yield f"  style {box} stroke-width:4px"


def draw_clusters(graph: ProvenanceGraph, items: Sequence[str], ends: Collection[str]) -> ClusteredDiagram:
    """Draw ``items``, what matters most first, with the links of ``graph`` between them.

    Args:
        graph: Holds those links, and the links from runs to their studies.
        items: What to draw; ``ends`` are drawn even if they come late.
        ends: What the question was about.
    """
    ordered = tuple(place := dict.fromkeys((*ends, *items)))
    links = tuple(link for link in graph.links if link.source in place and link.target in place)
    cluster_of = _clusters_of(graph, ordered, links)
    drawn = len(ordered)
    if drawn > MAX_BOXES:
        clusters = {cluster_of.get(item, _OUTSIDE) for item in ordered}
        drawn = max(len(set(ends)), MAX_BOXES - len(clusters))
    return ClusteredDiagram(ordered, links, frozenset(ends), cluster_of, drawn)


def _clusters_of(graph: ProvenanceGraph, items: Collection[str], links: Sequence[Link]) -> dict[str, str]:
    kinds = graph.nodes
    wanted = set(items)
    runs = {item for item in wanted if item in kinds and kinds[item].subtype == "MODEL_RUN"}
    study_of = {
        link.source: link.target
        for link in graph.links
        if link.source in runs and kinds[link.target].subtype == "STUDY" and link.target not in wanted
    }
    of_run = study_of or {run: run for run in runs}
    made = {
        link.source: of_run[link.target]
        for link in links
        if link.relation == "wasGeneratedBy" and link.target in of_run
    }
    cluster_of = {**made, **of_run}
    nearest = dict.fromkeys(cluster_of[item] for item in items if item in cluster_of)
    kept = set(tuple(nearest)[:_MAX_CLUSTERS])
    return {item: cluster for item, cluster in cluster_of.items() if cluster in kept}


def _label(item_id: str, names: Mapping[str, str]) -> str:
    name = clean(names.get(item_id, ""), LABEL_LENGTH)
    lines = [name, item_id] if name else [item_id]
    return "<br/>".join(escaped(clean(line, LABEL_LENGTH)) for line in lines)
