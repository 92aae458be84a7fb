"""A lineage as a tree, each item once; what was asked for of it as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from provena_mcp.cli.ask.parts import counted, headline, item, kind_of, remark, table
from provena_mcp.lineage.result import AnswerItem, LineageResult
from provena_mcp.rules.text import plural

# What records only that an item was registered says little to a reader, and doubles a tree.
_FOLDED: Final = frozenset({"CREATE", "VERSION"})
# Characters by which each hop of a tree is set in, and those that an item needs to be read.
_INDENT: Final = 4
_NARROWEST: Final = 40


@dataclass(frozen=True, slots=True)
class _Item:
    ref: int
    id: str
    name: str | None
    type: str
    hop: int


def lineage_tree(result: LineageResult) -> RenderableType:
    """All of a page, each item under the first of those nearer to the start that it is linked with.

    A lineage that is deeper than a terminal is wide for is shown as a table.
    """
    if result.depth.reached * _INDENT > get_terminal_size().columns - _NARROWEST:
        return lineage_table(result)
    return Group(headline(_asked(result)), _Tree(result).drawn(), *_remarks(result))


def lineage_table(result: LineageResult) -> RenderableType:
    """All of a page in rows, nearest first."""
    rows = [(str(row.hop), kind_of(row.type), row.name or "-", row.id) for row in _items(result) if row.ref]
    return Group(headline(_asked(result)), table("hops", "type", "name", "id", rows=rows), *_remarks(result))


def datasets_table(result: LineageResult) -> RenderableType:
    """The datasets that were asked for, nearest first."""
    rows = [(str(row.hop), row.name or "-", row.id, row.via or "") for row in result.answer or ()]
    return Group(
        headline(_asked(result, ("dataset", "datasets"))),
        table("hops", "dataset", "id", "through", rows=rows),
        *_remarks(result),
    )


def agents_table(result: LineageResult) -> RenderableType:
    """The people and organisations that were asked for, with what they did."""
    rows = [(row.name or "-", kind_of(row.type), _roles(row), row.id) for row in result.answer or ()]
    return Group(
        headline(_asked(result, ("person or organisation", "people and organisations"))),
        table("who", "type", "how", "id", rows=rows),
        *_custodians(result),
        *_remarks(result),
    )


def _custodians(result: LineageResult) -> Iterator[RenderableType]:
    if result.custodians:
        yield ""
        rows = [(who.name or "-", str(who.datasets), who.id) for who in result.custodians]
        yield table("custodian", "datasets", "id", rows=rows)


def is_empty(result: LineageResult) -> bool:
    """Whether nothing was found of what was asked for."""
    found = result.totals.nodes - 1 if result.totals.answer is None else result.totals.answer
    return not found


def _asked(result: LineageResult, what: tuple[str, str] | None = None) -> str:
    start = f"{result.start.name or result.start.id}"
    if what:
        count = result.totals.answer or 0
        downstream = "that depends on" if count == 1 else "that depend on"
        far = "behind" if result.direction == "upstream" else downstream
        return f"{plural(count, *what)} {far} {start}"
    return f"What led to {start}" if result.direction == "upstream" else f"What came of {start}"


def _roles(row: AnswerItem) -> str:
    return ", ".join(f"{role} {count}x" for role, count in (row.roles or {}).items())


def _remarks(result: LineageResult) -> Iterator[Text]:
    totals, hops = result.totals, plural(result.depth.reached, "hop")
    reach = f"{plural(totals.nodes, 'item')} and {plural(totals.links, 'link')} within {hops}"
    end = "that is all of it" if result.complete else result.incomplete_because or "it goes on from there"
    yield remark(f"{reach}; {end}.")
    if result.note:
        yield remark(result.note)
    if result.cycles:
        groups = plural(result.cycles.count, "group")
        yield remark(f"{groups} of items depend on each other in circles.")
    if result.shown is not None:
        yield remark(f"Shown are {result.shown} of {result.of}.")
    for reason, ids in (result.unreadable or {}).items():
        yield remark(f"The names of {len(ids)} could not be read: {reason}")


def _items(result: LineageResult) -> list[_Item]:
    """The start and all rows of a page, nearest first."""
    found = [_Item(0, result.start.id, result.start.name, result.start.type, 0)]
    found += [_Item(row.ref, row.id, row.name, row.type or "DATASET", row.hop) for row in result.answer or ()]
    for hop, kinds in result.nodes.items():
        for kind, rows in kinds.items():
            found += [_Item(row[0], row[1], row[2] if len(row) > 2 else None, kind, int(hop)) for row in rows]
    return sorted(found, key=lambda row: (row.hop, row.ref))


class _Tree:
    """Puts the items of a page under each other."""

    def __init__(self, result: LineageResult) -> None:
        self._result = result
        self._items = {row.ref: row for row in _items(result)}
        self._nearer: dict[int, dict[int, str]] = defaultdict(dict)
        for relation, later, earlier in _links(result):
            far, near = (earlier, later) if result.direction == "upstream" else (later, earlier)
            self._nearer[far].setdefault(near, relation)
        self._below: dict[int, list[int]] = defaultdict(list)
        self._strays: list[int] = []
        for row in self._items.values():
            if row.ref:
                above = self._above(row)
                (self._strays if above is None else self._below[above]).append(row.ref)

    def drawn(self) -> RenderableType:
        """The tree, and what hangs on items that are not on this page."""
        tree = Tree(item(self._items[0].id, self._items[0].name, self._items[0].type), guide_style="dim")
        folded = self._grow(tree, 0)
        if self._strays:
            branch = tree.add(remark("further, under items on other pages"))
            for ref in self._strays:
                folded += self._grow(branch.add(self._label(self._items[ref])), ref)
        if not folded:
            return tree
        return Group(tree, remark(f"{counted(folded, 'CREATE')} folded away (--all)."))

    def _grow(self, trunk: Tree, start: int) -> int:
        folded, open_branches = 0, [(trunk, start)]
        while open_branches:
            branch, ref = open_branches.pop()
            for below in self._below[ref]:
                row = self._items[below]
                if row.type in _FOLDED and not self._below[below]:
                    folded += 1
                else:
                    open_branches.append((branch.add(self._label(row, ref)), below))
        return folded

    def _above(self, row: _Item) -> int | None:
        """The nearest item that this one is linked with and that is nearer to the start."""
        linked = [
            ref
            for ref in self._nearer[row.ref]
            if (other := self._items.get(ref)) is not None and other.hop < row.hop
        ]
        return min(linked, key=lambda ref: (self._items[ref].hop, ref), default=None)

    def _label(self, row: _Item, above: int | None = None) -> Text:
        text = item(row.id, row.name, row.type)
        more = len(self._nearer[row.ref]) - (above is not None)
        return text.append(f"  and under {more} more", style="dim") if more else text


def _links(result: LineageResult) -> Iterator[tuple[str, int, int]]:
    """Relation, ref of the later, ref of the earlier item of every link on the page."""
    for relation, rows in result.links.items():
        for first, *targets in rows:
            later = (first,) if isinstance(first, int) else first
            for source in later:
                for target in _refs(targets):
                    yield relation, source, target


def _refs(targets: Iterable[int | tuple[int, ...]]) -> Iterator[int]:
    for target in targets:
        if isinstance(target, int):
            yield target
        else:
            yield from target
