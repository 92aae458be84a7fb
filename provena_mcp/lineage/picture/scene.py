"""What a picture of provenance shows: items in columns, links, groups, and what is folded or left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from provena_mcp.lineage.picture.layout import Arrangement, Slot, arrange
from provena_mcp.rules.cycles import cyclic_groups
from provena_mcp.rules.graph import Link, ProvenanceGraph
from provena_mcp.wire.subtypes import REGISTRY_WORKFLOW_TEMPLATE

MOST_ITEMS: Final = 500
"""Items drawn one by one; beyond, those farthest away are one box for each column and type."""

FOLDED: Final = frozenset({"CREATE", "VERSION", REGISTRY_WORKFLOW_TEMPLATE, "DATASET_TEMPLATE"})
"""Types that stand behind almost every item: they are there, and hidden until asked for."""

_TOUCHED: Final = frozenset({"PERSON", "ORGANISATION", "STUDY"})

NEWER_VERSION: Final = "newerVersionOf"
"""Not Provena's: stands for the two links through a folded VERSION activity."""

Subject = Literal["lineage", "path", "impact"]


def folded_types(subject: Subject) -> frozenset[str]:
    """What is hidden at first; of an impact also whom it touches, who would be linked with everything."""
    return FOLDED | _TOUCHED if subject == "impact" else FOLDED


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item beside its id and type; dates are days, ``YYYY-MM-DD``."""

    name: str | None = None
    version: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class PictureItem:
    """A box: an item, or (``count`` over 1) all items of a type in a column that are not drawn."""

    id: str
    type: str
    column: int
    rank: int
    name: str | None = None
    version: str | None = None
    date: str | None = None
    count: int = 1
    study: str | None = None
    run: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class PictureLink:
    """``source`` depends on ``target`` (positions in the items); ``lanes`` are column and rank in between."""

    source: int
    target: int
    relation: str
    count: int = 1
    is_cycle: bool = False
    is_derived: bool = False
    lanes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Picture:
    """All that a page or a figure draws.

    Attributes:
        subject: What is drawn.
        title: One line, names included.
        starts: Ids of the items the question was about.
        columns: The heading of each column.
        incomplete_because: Why something may be missing; None if nothing is.
        hidden: Items that are counted and not drawn one by one, by type.
        note: What the reader should know besides, such as how old the data are.
    """

    subject: Subject
    title: str
    starts: tuple[str, ...]
    columns: tuple[str, ...]
    items: tuple[PictureItem, ...]
    links: tuple[PictureLink, ...]
    incomplete_because: str | None = None
    hidden: Mapping[str, int] = field(default_factory=dict[str, int])
    note: str | None = None


@dataclass(frozen=True)
class Sketch:
    """A picture before its layout: which items in which column, and which are nearest to the question."""

    subject: Subject
    graph: ProvenanceGraph
    starts: tuple[str, ...]
    column_of: Mapping[str, int]
    headings: tuple[str, ...]
    incomplete_because: str | None = None

    def shown(self, most: int = MOST_ITEMS) -> tuple[str, ...]:
        """The items drawn one by one: starts, then by column, what is folded at first last.

        Beyond ``most`` only what would be alone in its box.
        """
        starts = frozenset(self.starts)
        ordered = sorted(
            self.column_of,
            key=lambda item: (
                item not in starts,
                _type(self.graph, item) in folded_types(self.subject),
                self.column_of[item],
                item,
            ),
        )
        beyond = ordered[most:]
        boxes = Counter((self.column_of[item], _type(self.graph, item)) for item in beyond)
        alone = [item for item in beyond if boxes[self.column_of[item], _type(self.graph, item)] == 1]
        return (*ordered[:most], *alone)


def draw(
    sketch: Sketch, facts: Mapping[str, Facts], title: str, *, most: int = MOST_ITEMS, note: str | None = None
) -> Picture:
    """Lay a sketch out; ``facts`` are those of ``sketch.shown(most)`` as far as they are known."""
    shown = sketch.shown(most)
    boxes, box_of = _boxes(sketch, shown, facts)
    links = _links(sketch, box_of)
    groups_of_cycles = cyclic_groups(sketch.graph)
    cyclic = {item: number for number, group in enumerate(groups_of_cycles) for item in group}
    arrangement = arrange([box.column for box in boxes], list(links))
    places = arrangement.place
    groups = _groups(sketch.graph)
    return Picture(
        subject=sketch.subject,
        title=title,
        starts=sketch.starts,
        columns=sketch.headings,
        items=tuple(
            replace(box, rank=places[number][1], **groups.get(box.id, {})) for number, box in enumerate(boxes)
        ),
        links=tuple(
            PictureLink(
                source,
                target,
                " + ".join(sorted(relations)),
                count=sum(relations.values()),
                is_cycle=boxes[source].id in cyclic
                and cyclic.get(boxes[source].id) == cyclic.get(boxes[target].id),
                is_derived=NEWER_VERSION in relations,
                lanes=_lanes(arrangement, places, number),
            )
            for number, ((source, target), relations) in enumerate(links.items())
        ),
        incomplete_because=sketch.incomplete_because,
        hidden=dict(Counter(_type(sketch.graph, item) for item in sketch.column_of.keys() - set(shown))),
        note=note,
    )


def _type(graph: ProvenanceGraph, item: str) -> str:
    return graph.nodes[item].registry_subtype


def _lanes(
    arrangement: Arrangement, places: Mapping[Slot, tuple[int, int]], number: int
) -> tuple[tuple[int, int], ...]:
    return tuple(places[slot] for slot in arrangement.lanes.get(number, ()))


def _boxes(
    sketch: Sketch, shown: Sequence[str], facts: Mapping[str, Facts]
) -> tuple[list[PictureItem], dict[str, int]]:
    """One box an item that is shown, one for each column and type of the others."""
    columns = sketch.column_of
    boxes: list[PictureItem] = []
    box_of: dict[str, int] = {}
    for item in sorted(shown, key=lambda item: (columns[item], _type(sketch.graph, item), item)):
        known = facts.get(item, Facts())
        box_of[item] = len(boxes)
        boxes.append(
            PictureItem(
                item, _type(sketch.graph, item), columns[item], 0, known.name, known.version, known.date
            )
        )
    rest: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for item in columns.keys() - box_of.keys():
        rest[columns[item], _type(sketch.graph, item)].append(item)
    for (column, subtype), items in sorted(rest.items()):
        box_of.update(dict.fromkeys(items, len(boxes)))
        boxes.append(PictureItem(f"+{column}/{subtype}", subtype, column, 0, count=len(items)))
    return boxes, box_of


def _links(sketch: Sketch, box_of: Mapping[str, int]) -> dict[tuple[int, int], Counter[str]]:
    """Links between boxes, several between two as one, and those that a folded version stands for."""
    found: defaultdict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for source, relation, target in (*sketch.graph.links, *_newer_versions(sketch.graph)):
        if source in box_of and target in box_of and box_of[source] != box_of[target]:
            found[box_of[source], box_of[target]][relation] += 1
    return dict(found)


def _newer_versions(graph: ProvenanceGraph) -> list[Link]:
    """From a new version to the one before, past the VERSION activity between them."""
    made: defaultdict[str, list[str]] = defaultdict(list)
    before: defaultdict[str, list[str]] = defaultdict(list)
    for source, relation, target in graph.links:
        if relation == "wasGeneratedBy" and _type(graph, target) == "VERSION":
            made[target].append(source)
        elif relation == "used" and _type(graph, source) == "VERSION":
            before[source].append(target)
    return [
        Link(new, NEWER_VERSION, old)
        for activity, news in made.items()
        for new in news
        for old in before.get(activity, ())
    ]


def _groups(graph: ProvenanceGraph) -> dict[str, dict[str, str]]:
    """Of each item the study, run and workflow template it can be drawn with."""
    groups: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for source, _, target in graph.links:
        if _type(graph, source) != "MODEL_RUN":
            continue
        if _type(graph, target) == "STUDY":
            groups[source]["study"] = groups[target]["study"] = target
        elif _type(graph, target) == REGISTRY_WORKFLOW_TEMPLATE:
            groups[source]["template"] = target
    for source, relation, target in graph.links:
        if relation == "wasGeneratedBy" and _type(graph, target) == "MODEL_RUN":
            groups[target]["run"] = target
            groups[source] = {**groups[target], **groups[source], "run": target}
    return dict(groups)
