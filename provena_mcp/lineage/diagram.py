"""A lineage as a Mermaid flowchart that stays readable: clustered by type, at most 40 boxes.

Of a larger lineage the nearest data, runs and studies and what was asked for are drawn one by one,
and the rest as one box for each type, with a count. Text from Provena appears only inside quoted
labels, with every character that Mermaid could read as its own written as a character code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provena_mcp.lineage.lineage import Lineage, type_order
from provena_mcp.lineage.summary import Labels
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.text import clean
from provena_mcp.wire.lineage import LineageQuery

MAX_BOXES: Final = 40
LABEL_LENGTH: Final = 60
_PLAIN: Final = frozenset(" .,:/()+-_")
# What a lineage is told with; people and templates hang on almost every run.
_STORY: Final = frozenset({"DATASET", "MODEL_RUN", "STUDY", "VERSION"})
_PLURAL: Final = {
    "DATASET": "Datasets",
    "MODEL_RUN": "Model runs",
    "STUDY": "Studies",
    "PERSON": "People",
    "ORGANISATION": "Organisations",
    "MODEL": "Models",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "Workflow templates",
    "DATASET_TEMPLATE": "Dataset templates",
    "VERSION": "New versions",
    "CREATE": "Registrations",
}


@dataclass(frozen=True)
class Diagram:
    """A drawing without its names: ``shown`` are the ids drawn one by one, nearest first."""

    view: LineageView
    refs: tuple[int, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids whose names the drawing shows."""
        return tuple(self.view.ids[ref] for ref in self.refs)

    def text(self, names: Mapping[str, str]) -> str:
        """The drawing as Mermaid, with the names that are known."""
        return "\n".join([*self._heading(), *self._clusters(Labels(names)), *self._arrows(), ""])

    def _heading(self) -> Iterator[str]:
        yield "flowchart LR"
        yield "%% Arrows point from an item to what it depends on; the thick border is the start."
        if self._collapsed:
            yield f"%% {len(self.refs)} of {len(self.view.ids)} items are drawn one by one."

    def _clusters(self, labels: Labels) -> Iterator[str]:
        types = sorted({self.view.types[ref] for ref in self.refs} | self._collapsed.keys(), key=type_order)
        for number, subtype in enumerate(types):
            yield f'  subgraph t{number}["{escaped(_PLURAL.get(subtype, subtype))}"]'
            drawn = [ref for ref in self.refs if self.view.types[ref] == subtype]
            for ref in drawn:
                yield f'    n{ref}["{self._label(ref, labels)}"]'
            if count := self._collapsed.get(subtype):
                yield f'    {self._group(subtype)}[["{count} {"more" if drawn else "in all"}"]]'
            yield "  end"
        yield "  style n0 stroke-width:4px"

    def _label(self, ref: int, labels: Labels) -> str:
        item_id = self.view.ids[ref]
        name = labels.name(item_id)
        lines = [item_id] if name is None else [name, item_id]
        return "<br/>".join(escaped(clean(line, LABEL_LENGTH)) for line in lines)

    def _arrows(self) -> Iterator[str]:
        counts: Counter[tuple[str, str, str]] = Counter()
        refs = self.view.refs
        for source, relation, target in self.view.graph.links:
            ends = self._box(refs[source]), self._box(refs[target])
            if ends[0] != ends[1]:
                counts[ends[0], relation, ends[1]] += 1
        for (source, relation, target), count in sorted(counts.items()):
            times = f" x{count}" if count > 1 else ""
            yield f'  {source} -->|"{escaped(relation)}{times}"| {target}'

    def _box(self, ref: int) -> str:
        return f"n{ref}" if ref in self._drawn else self._group(self.view.types[ref])

    def _group(self, subtype: str) -> str:
        return f"g{list(self._collapsed).index(subtype)}"

    @kept_property
    def _drawn(self) -> frozenset[int]:
        return frozenset(self.refs)

    @kept_property
    def _collapsed(self) -> Mapping[str, int]:
        """How many items of each type are drawn as one box."""
        return Counter(subtype for ref, subtype in enumerate(self.view.types) if ref not in self._drawn)


def draw_diagram(graph: ProvenanceGraph, start: str, query: LineageQuery) -> Diagram:
    """Choose what to draw of a lineage: the nearest items, and boxes for the rest."""
    view = view_lineage(Lineage(graph, query, start, len(graph.nodes)))
    refs = range(len(view.ids))
    if len(refs) <= MAX_BOXES:
        return Diagram(view, tuple(sorted(refs, key=lambda ref: (view.hops[ref], ref))))
    drawn = sorted(
        refs, key=lambda ref: (ref > view.answers and view.types[ref] not in _STORY, view.hops[ref], ref)
    )
    return Diagram(view, tuple(drawn[: MAX_BOXES - len(set(view.types))]))


def escaped(text: str) -> str:
    """Text that Mermaid can only read as text, for use inside quotes."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
