"""Whom to credit beyond the agents in the graph: custodians of the data, and who carried out which run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, compress
from typing import Final

from provena_mcp.lineage.result import Custodian, LineageResult, RunCredit
from provena_mcp.lineage.view import LineageView
from provena_mcp.queries.items.item_reader import NOTHING
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import worked_out
from provena_mcp.rules.budgets import estimate_tokens, size_of, take_within
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.text import plural

# The nearest datasets are read, whose custodians matter most; a page of the list tells of a hundred.
_MOST_DATASETS: Final = 200
_MOST_FETCHES: Final = 40
_FIRST: Final = 3
_MOST_CUSTODIANS: Final = 20
# Tokens of a run's usual name.
_NAME: Final = 12
# Of a page's tokens, at most so large a part is for what is said beside it.
_SHARE: Final = 0.5


@dataclass(frozen=True)
class Credit:
    """What is said beside the agents that a graph names."""

    custodians: tuple[Custodian, ...] = ()
    unread: int = 0
    custodian_count: int = 0
    by_run: tuple[RunCredit, ...] = ()
    runs: int = 0
    is_by_run: bool = False

    @property
    def tokens(self) -> int:
        """What it costs in an answer."""
        rows = sum(size_of(row) for row in (*self.custodians, *self.by_run))
        return rows + estimate_tokens(self._note())

    def _note(self) -> str:
        """What is not told of custodians, and how to learn it."""
        hidden = self.custodian_count - len(self.custodians)
        parts = (
            f"{plural(hidden, 'custodian')} more of farther datasets" if hidden else "",
            f"the custodians of {plural(self.unread, 'dataset')}" if self.unread else "",
        )
        lacking = " and ".join(filter(None, parts))
        if not lacking:
            return ""
        # Datasets may be unread because they are too many, or withheld.
        where = ", if you may read it" if self.unread else ""
        return f"Not told: {lacking}; fetch_items tells a dataset's custodian{where}."

    def beside(self, page: LineageResult) -> LineageResult:
        """A page with it; what looks farther asks for it again."""
        deeper = page.deeper
        if deeper is not None and self.is_by_run:
            deeper = deeper.model_copy(update={"arguments": {**deeper.arguments, "by_run": True}})
        return page.model_copy(
            update={
                "custodians": self.custodians or None,
                "custodians_unread": self.unread or None,
                "note": " ".join(filter(None, (page.note, self._note()))) or None,
                "by_run": self.by_run or None,
                "deeper": deeper,
                "by_run_of": self.runs if self.runs > len(self.by_run) else None,
            }
        )


async def read_credit(reader: Reader, view: LineageView, max_tokens: int, *, by_run: bool) -> Credit:
    """The custodians of the start and of the datasets behind it, and who did each run if that is asked."""
    around = view.around or view.graph
    items = len(around.columns.ids)
    datasets = await worked_out(lambda: _reached(view, around, "DATASET"), items)
    custodians, unread, count = await _custodians(reader, datasets)
    if not by_run:
        return Credit(custodians, unread, count)
    rows = await worked_out(lambda: _runs(around, _reached(view, around, "MODEL_RUN")), items)
    room = int(max_tokens * _SHARE) - Credit(custodians).tokens
    fitting = take_within(rows, room, lambda row: size_of(row) + _NAME)
    named = await reader.names.of(reader.caller, {row.id: "MODEL_RUN" for row in fitting})
    told = tuple(row.model_copy(update={"name": named.names.get(row.id) or None}) for row in fitting)
    return Credit(custodians, unread, count, told, len(rows), is_by_run=True)


def _reached(view: LineageView, graph: ProvenanceGraph, subtype: str) -> list[str]:
    """Items of a kind in the lineage, the nearest first."""
    levels = graph.walk(view.start, view.direction).levels
    is_wanted = {kind: kind.subtype == subtype for kind in set(graph.columns.kinds)}
    wanted = list(map(is_wanted.__getitem__, graph.columns.kinds)).__getitem__
    nodes = list(chain.from_iterable(levels))
    return list(map(graph.columns.ids.__getitem__, compress(nodes, map(wanted, nodes))))


async def _custodians(reader: Reader, datasets: list[str]) -> tuple[tuple[Custodian, ...], int, int]:
    """The custodians shown, how many datasets' are not known, and how many custodians there are."""
    nearest = datasets[:_MOST_DATASETS]
    known = reader.names.known(reader.caller, nearest)
    missing = dict.fromkeys((item for item in nearest if item not in known), "DATASET")
    # Whatever is read is remembered with its name, custodian included.
    await reader.items(NOTHING).read_many(missing, most_fetches=_MOST_FETCHES)
    known |= reader.names.known(reader.caller, missing)
    read = [item for item in nearest if item in known and known[item].subtype == "DATASET"]
    data: dict[str, list[str]] = {}
    for item in read:
        custodian = known[item].custodian
        if custodian:
            data.setdefault(custodian, []).append(item)
    shown = list(data)[:_MOST_CUSTODIANS]
    named = await reader.names.of(reader.caller, dict.fromkeys(shown, "PERSON"))
    told = tuple(
        Custodian(
            id=person,
            name=named.names.get(person) or None,
            datasets=len(data[person]),
            first=tuple(data[person][:_FIRST]),
        )
        for person in shown
    )
    return told, len(datasets) - len(read), len(data)


def _runs(graph: ProvenanceGraph, runs: list[str]) -> list[RunCredit]:
    ids, kinds, sources, relations, targets = graph.columns
    who: dict[tuple[str, str], str] = {}
    links = zip(sources, targets, strict=True)
    for source, target in compress(links, map("wasAssociatedWith".__eq__, relations)):
        who[ids[source], kinds[target].subtype] = ids[target]
    # Of the farthest runs nothing is known but that they are there.
    known = {run for run, _ in who}
    return [
        RunCredit(id=run, ran=who.get((run, "PERSON")), asked_for_it=who.get((run, "ORGANISATION")))
        for run in runs
        if run in known
    ]
