"""Writes a lineage answer: what is true of all of it, and the rows and links of one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from provena_mcp.lineage.lineage import Makers, Origin, near_by_type
from provena_mcp.lineage.result import (
    Adjacency,
    AnswerItem,
    Cycles,
    Depth,
    Ends,
    LineageResult,
    Row,
    Start,
    Totals,
)
from provena_mcp.lineage.view import Arc, LineageView
from provena_mcp.next_call import NextCall
from provena_mcp.rules.handles import lineage_uri
from provena_mcp.rules.large_values import remembered
from provena_mcp.rules.text import clean
from provena_mcp.wire.lineage import LineageQuery

NAME_LENGTH: Final = 80
_MAX_ENDS: Final = 8
_MAX_CYCLES: Final = 5
_MAX_CYCLE: Final = 10

_EMPTY: Final[Mapping[LineageQuery, str]] = {
    "upstream": "Nothing is recorded that led to {}",
    "downstream": "Nothing is recorded that came of {}",
    "contributing_datasets": "No dataset fed {}",
    "effected_datasets": "No dataset was made from {}",
    "contributing_agents": "Nobody is named behind {}",
    "effected_agents": "Nobody is named by what came of {}",
}


@dataclass(frozen=True)
class Labels:
    """Display names by id, why others could not be read, and which of several versions an item is."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    unreadable: Mapping[str, str] = field(default_factory=dict[str, str])
    versions: Mapping[str, str] = field(default_factory=dict[str, str])

    def name(self, item_id: str) -> str | None:
        """The name as it may be shown, if there is one."""
        return _shown(self.names.get(item_id, ""))


@remembered(20_000, longest=NAME_LENGTH)
def _shown(name: str) -> str | None:
    """A name cleaned; most come again with the next question."""
    return clean(name, NAME_LENGTH) or None


@dataclass(frozen=True)
class PageContent:
    """What one page shows: ``refs`` of items, ``arcs``, and, of a longer answer, where it stands.

    ``answers`` are those of its items that were asked for, and maybe others'; ``makers`` are known of the
    start and of these items at least, where the question leads there.
    """

    refs: Sequence[int]
    arcs: Sequence[Arc]
    answers: Mapping[int, AnswerItem] = field(default_factory=dict[int, AnswerItem])
    makers: Makers | None = None
    of: int | None = None
    next: NextCall | None = None
    deeper: NextCall | None = None


def summarise(view: LineageView, page: PageContent, labels: Labels) -> LineageResult:
    """One page of a lineage answer, under what is true of the whole."""
    shown = [view.start, *(view.ids[ref] for ref in page.refs)]
    makers = page.makers
    return LineageResult(
        start=Start(id=view.start, type=view.types[0], name=labels.name(view.start)),
        direction=view.direction,
        note=_empty_note(view, labels.name(view.start)),
        depth=Depth(asked=view.depth, reached=max(view.hops)),
        complete=view.lineage.incomplete_because is None,
        incomplete_because=view.lineage.incomplete_because,
        totals=_totals(view),
        roots=_ends(view.roots),
        leaves=_ends(view.leaves),
        cycles=_cycles(view.cycles),
        answer=_answer(page) if view.is_special else None,
        nodes=_nodes(view, (ref for ref in page.refs if ref > view.answers), labels),
        links=_links(page.arcs),
        several_makers=(makers.several(shown) or None) if makers else None,
        no_run=_no_run(view, makers.none(shown)) if makers else None,
        versions=same_names({item: labels.name(item) for item in shown}, labels.versions) or None,
        unreadable=_by_reason(labels.unreadable, shown),
        shown=len(page.refs) if page.of is not None else None,
        of=page.of,
        next=page.next,
        deeper=page.deeper,
        graph_uri=graph_uri(view),
    )


def graph_uri(view: LineageView) -> str:
    """Where the whole graph can be read."""
    return lineage_uri(view.query, view.start, view.depth)


def _totals(view: LineageView) -> Totals:
    return Totals(
        nodes=len(view.graph.columns.ids),
        links=len(view.graph.columns.sources),
        answer=view.answers if view.is_special else None,
        by_type=dict(view.by_type),
        by_hop={str(hop): count for hop, count in view.by_hop.items()},
        direct=_direct(view),
    )


def _direct(view: LineageView) -> dict[str, int] | None:
    """What is one link away, where the rest is not all and that may make a reader doubt."""
    lineage, around = view.lineage, view.around
    if lineage.incomplete_because is None or not lineage.is_consistent or around is None:
        return None
    return near_by_type(around, view.start, view.direction) or None


def _no_run(view: LineageView, found: Mapping[Origin, Iterable[str]]) -> dict[Origin, tuple[int, ...]] | None:
    return {origin: tuple(view.refs[item] for item in items) for origin, items in found.items()} or None


def _ends(refs: Sequence[int]) -> Ends:
    return Ends(count=len(refs), refs=tuple(refs[:_MAX_ENDS]))


def _cycles(groups: Sequence[Sequence[int]]) -> Cycles | None:
    if not groups:
        return None
    return Cycles(count=len(groups), refs=tuple(tuple(group[:_MAX_CYCLE]) for group in groups[:_MAX_CYCLES]))


def _answer(page: PageContent) -> tuple[AnswerItem, ...]:
    return tuple(page.answers[ref] for ref in page.refs if ref in page.answers)


def answer_items(view: LineageView, refs: Iterable[int], labels: Labels) -> dict[int, AnswerItem]:
    """Those of ``refs`` that were asked for, as they are shown."""
    asked = [ref for ref in refs if ref <= view.answers]
    if not asked:
        return {}
    view.arcs_at(asked)  # all at once, since each would cost as much
    runs = None if view.query.endswith("_agents") else view.runs(asked)
    return {ref: _answer_item(view, ref, runs, labels) for ref in asked}


def _answer_item(view: LineageView, ref: int, runs: Mapping[int, int] | None, labels: Labels) -> AnswerItem:
    via = view.via(ref)
    return AnswerItem(
        ref=ref,
        id=view.ids[ref],
        name=labels.name(view.ids[ref]),
        type=view.types[ref] if runs is None else None,
        hop=view.hops[ref],
        runs=None if runs is None else runs[ref],
        via=view.ids[via] if via else None,
        roles=dict(view.roles(ref)) if runs is None else None,
        registered_only=True if view.part(ref) == "registered" else None,
    )


def _nodes(view: LineageView, refs: Iterable[int], labels: Labels) -> dict[str, dict[str, tuple[Row, ...]]]:
    nodes: dict[str, dict[str, tuple[Row, ...]]] = {}
    # The order of refs is by hop and type already.
    for (hop, subtype), together in groupby(refs, lambda ref: (view.hops[ref], view.types[ref])):
        nodes.setdefault(str(hop), {})[subtype] = tuple(_row(ref, view.ids[ref], labels) for ref in together)
    return nodes


def _row(ref: int, item_id: str, labels: Labels) -> Row:
    name = labels.name(item_id)
    return (ref, item_id) if name is None else (ref, item_id, name)


def _links(arcs: Iterable[Arc]) -> dict[str, tuple[Adjacency, ...]]:
    """Adjacency by relation; items with the same targets share a row, as the runs of a study do."""
    targets: dict[str, dict[int, list[int]]] = {}
    for relation, source, target in sorted(arcs):
        targets.setdefault(relation, {}).setdefault(source, []).append(target)
    return {relation: tuple(_rows(by_source)) for relation, by_source in targets.items()}


def _rows(by_source: Mapping[int, Iterable[int]]) -> Iterable[Adjacency]:
    sources: dict[tuple[int, ...], list[int]] = {}
    for source, targets in by_source.items():
        sources.setdefault(tuple(targets), []).append(source)
    for targets, sharing in sources.items():
        yield (sharing[0] if len(sharing) == 1 else tuple(sharing), *targets)


def _by_reason(unreadable: Mapping[str, str], shown: Iterable[str]) -> dict[str, tuple[str, ...]] | None:
    reasons: dict[str, list[str]] = {}
    for item_id in shown:
        if item_id in unreadable:
            reasons.setdefault(unreadable[item_id], []).append(item_id)
    return {reason: tuple(ids) for reason, ids in reasons.items()} or None


def same_names(names: Mapping[str, str | None], versions: Mapping[str, str]) -> dict[str, str]:
    """The versions, as far as they are known, of items that have the name of another one."""
    counts = Counter(name for name in names.values() if name)
    return {
        item: versions[item] for item, name in names.items() if name and counts[name] > 1 and item in versions
    }


def _empty_note(view: LineageView, name: str | None) -> str | None:
    """One plain sentence or two where nothing was found; ``name`` is that of the start."""
    if view.answers if view.is_special else len(view.ids) > 1:
        return None
    kind = view.types[0].lower().replace("_", " ")
    called = f"'{name}' ({kind})" if name else f"{view.start} ({kind})"
    is_whole = view.lineage.incomplete_because is None
    within = "" if is_whole else f" within {view.depth} {'hop' if view.depth == 1 else 'hops'}"
    if not view.lineage.is_consistent:
        return f"Nothing was found for {called}{within}, but what Provena answered does not hang together."
    return f"{_EMPTY[view.query].format(called)}{within}.{_of_runs(view, is_whole=is_whole)}"


def _of_runs(view: LineageView, *, is_whole: bool) -> str:
    """Whether a run made or used a dataset, where nothing further is known of it."""
    around = view.around
    if view.types[0] != "DATASET" or around is None:
        return ""
    runs = near_by_type(around, view.start, view.direction).get("MODEL_RUN", 0)
    if view.direction == "upstream":
        return " No run made it." if is_whole and not runs else ""
    if not runs:
        return " No run used it."
    return f" {runs} {'run' if runs == 1 else 'runs'} used it, of which no dataset is recorded."
