"""Pages of a lineage answer: as many rows as a budget of tokens holds, and a cursor to the next.

Names cost a fetch each, so a page is planned first: ``plan_page`` says which ids may be shown, and
``PagePlan.write`` makes the result once their names are known. Rows are whole: an item comes with its
links to all items before it. Only links that exceed the budget by themselves go on over a page's end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pydantic import JsonValue

from provena_mcp.errors import CursorError
from provena_mcp.lineage.costs import RowCosts, cost_of, cost_of_frame
from provena_mcp.lineage.lineage import UNKNOWN, Makers
from provena_mcp.lineage.result import AnswerItem, LineageResult
from provena_mcp.lineage.summary import Labels, PageContent, answer_items, summarise
from provena_mcp.lineage.view import Arc, LineageView
from provena_mcp.next_call import NextCall, ToolName
from provena_mcp.rules.budgets import MOST_HOPS, USUAL_TOKENS, count_pieces, estimate_tokens, tokens_of
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.rules.large_values import kept_property
from provena_mcp.wire.lineage import LineageQuery

_TOOL_OF: Final[Mapping[LineageQuery, ToolName]] = {
    "upstream": "explore_upstream",
    "downstream": "explore_downstream",
    "contributing_datasets": "get_contributing_datasets",
    "effected_datasets": "get_effected_datasets",
    "contributing_agents": "get_contributing_agents",
    "effected_agents": "get_effected_agents",
}

# Tokens as far as they are known before the names are: of what stands on every page, of a row besides its id
# and name, of a link, of a usual name, and of what an answer item has more than a row.
_FRAME: Final = 300
_ROW: Final = 5
_LINK: Final = 2
_NAME: Final = 8
_ANSWER: Final = 25
# So few rows mostly fit; of so many the links are found sooner than the last that may fit.
_FEW: Final = 50
_MOSTLY_SHOWN: Final = 150


@dataclass(frozen=True)
class PageRequest:
    """Which page, and how much of it: a budget in tokens, and which types of item (none: all).

    ``reserved`` of the tokens are for what is said beside the page.
    """

    max_tokens: int = USUAL_TOKENS
    subtypes: frozenset[str] = frozenset()
    names: bool = True
    cursor: str | None = None
    reserved: int = 0

    @property
    def room(self) -> int:
        """Tokens for the page itself."""
        return self.max_tokens - self.reserved


class _Position(NamedTuple):
    """A row, and how many of its links were shown before; with any, so was the row itself."""

    row: int
    links: int


@dataclass(frozen=True)
class PagePlan:
    """A page before its names are known; it ends with row ``last`` at the latest.

    ``arcs`` are the links between each item it can show and those before it, ``makers`` are theirs.
    """

    view: LineageView
    request: PageRequest
    rows: Sequence[int]
    begin: _Position
    last: int
    arcs: Mapping[int, Sequence[Arc]]
    makers: Makers | None

    @kept_property
    def wanted(self) -> Mapping[str, str]:
        """The ids whose names the page can show, with their types as far as they are known."""
        if not self.request.names:
            return {}
        refs = (0, *self.rows[self.begin.row : self.last])
        types = self.view.types
        return {self.view.ids[ref]: types[ref] if types[ref] != UNKNOWN else "" for ref in refs}

    def write(
        self,
        names: Mapping[str, str] | None = None,
        unreadable: Mapping[str, str] | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> LineageResult:
        """The page with as many rows as fit the budget, at least one.

        Args:
            names: Display names by id.
            unreadable: Why a name could not be read, by id.
            versions: Which of several versions an item is, by id.
        """
        labels = Labels(names or {}, unreadable or {}, versions or {})
        answers = answer_items(self.view, self.rows[self.begin.row : self.last], labels)
        room = self.request.room
        is_short = self.last == len(self.rows) and self.is_short
        end, of_rows = (_Position(self.last, 0), None) if is_short else self._fitting(labels, answers)
        result = self._result(end, labels, answers)
        if of_rows is not None and tokens_of(cost_of_frame(result) + of_rows) <= room:
            return result
        while (cost := cost_of(result)) > room:
            sooner = self._sooner(end, (room - self.frame) / max(1, cost - self.frame))
            if sooner == end:
                break
            end = sooner
            result = self._result(end, labels, answers)
        return result

    @kept_property
    def is_short(self) -> bool:
        """Whether all rows that are left are so few that they mostly fit: then they are written at once."""
        return len(self.rows) - self.begin.row <= _FEW or self._usual_end == len(self.rows)

    @kept_property
    def frame(self) -> int:
        """Tokens of what stands on every page."""
        return cost_of(self._result(self.begin, Labels(), {}))

    def planned(self) -> PagePlan:
        """This plan, ending where the rows do not fit any more if names are of the usual length."""
        if self.is_short or self._estimated(0) == len(self.rows):
            return self
        return replace(self, last=self._usual_end)

    @kept_property
    def _usual_end(self) -> int:
        """Where the rows do not fit any more if names are of the usual length."""
        return self._estimated(_NAME if self.request.names else 0)

    def _estimated(self, name: int) -> int:
        """The end of the rows that fit the budget, at least one, if each name costs so much."""
        view, budget = self.view, self.request.room
        spent = _FRAME - _LINK * self.begin.links
        for row in range(self.begin.row, self.last):
            ref = self.rows[row]
            spent += _ROW + estimate_tokens(view.ids[ref]) + _LINK * len(self.arcs[ref]) + name
            spent += _ANSWER if ref <= view.answers else 0
            if spent > budget:
                return max(row, self.begin.row + 1)
        return self.last

    def _fitting(self, labels: Labels, answers: Mapping[int, AnswerItem]) -> tuple[_Position, int]:
        """The end of the rows that fit the budget, at least one, and their cost at most, in pieces."""
        view, begin, costs = self.view, self.begin, RowCosts(answers=self.view.is_special)
        beside = count_pieces(f'"name":"{labels.name(view.start) or ""}",')
        for row in range(begin.row, self.last):
            before = costs.pieces
            ref = self.rows[row]
            item, name = view.ids[ref], labels.name(view.ids[ref])
            words = (item,) if name is None else (item, name)
            if row == begin.row and begin.links:
                pass  # the page before has shown the item itself
            elif ref in answers:
                costs.add_answer(answers[ref])
            else:
                costs.add_row(str(view.hops[ref]), view.types[ref], ref, words)
            costs.add_links(self._arcs(row)[begin.links if row == begin.row else 0 :])
            # Of a dataset that no run made the ref is said again, of an unreadable item the id.
            beside += 2 * self._is_made_by_none(item) + count_pieces(labels.unreadable.get(item, ""))
            if self.frame + tokens_of(costs.pieces + beside) > self.request.room and row > begin.row:
                return _Position(row, 0), before
        return _Position(self.last, 0), costs.pieces

    def _is_made_by_none(self, item: str) -> bool:
        makers = self.makers
        return makers is not None and item in makers.known and item not in makers.runs

    def _result(self, end: _Position, labels: Labels, answers: Mapping[int, AnswerItem]) -> LineageResult:
        begin = self.begin
        refs = self.rows[begin.row + (begin.links > 0) : end.row + (end.links > 0)]
        arcs: list[Arc] = []
        for row in range(begin.row, end.row + (end.links > 0)):
            first = begin.links if row == begin.row else 0
            arcs.extend(self._arcs(row)[first : end.links if row == end.row else None])
        is_whole = begin == (0, 0) and end.row >= len(self.rows)
        of = None if is_whole else len(self.rows)
        page = PageContent(refs, arcs, answers, self.makers, of, self._next(end), self._deeper())
        return summarise(self.view, page, labels)

    def _sooner(self, end: _Position, share: float) -> _Position:
        """An earlier end, at about this share of the page; the same if the page cannot be shorter."""
        begin = self.begin
        rows = end.row - begin.row
        if end == begin:
            return end
        if rows > 1:
            return _Position(begin.row + _fewer(rows, share), 0)
        links = (end.links or len(self._arcs(begin.row))) - begin.links
        return _Position(begin.row, begin.links + _fewer(links, share)) if links > 1 else end

    def _arcs(self, row: int) -> Sequence[Arc]:
        """Links of a row's item to those before it that may be shown."""
        arcs = self.arcs[self.rows[row]]
        if not self.request.subtypes:
            return arcs
        return [arc for arc in arcs if self._is_shown(arc[1]) and self._is_shown(arc[2])]

    def _is_shown(self, ref: int) -> bool:
        return ref == 0 or self.view.types[ref] in self.request.subtypes

    def _deeper(self) -> NextCall | None:
        view = self.view
        if not view.lineage.goes_deeper or view.depth >= MOST_HOPS:
            return None
        return NextCall(tool=_TOOL_OF[view.query], arguments=self._arguments(min(2 * view.depth, MOST_HOPS)))

    def _next(self, end: _Position) -> NextCall | None:
        if end.row >= len(self.rows):
            return None
        arguments = self._arguments(self.view.depth)
        cursor = encode_cursor(_question(self.view, self.request), [self.view.digest, *end])
        return NextCall(tool=_TOOL_OF[self.view.query], arguments={**arguments, "cursor": cursor})

    def _arguments(self, depth: int) -> dict[str, JsonValue]:
        """The question of this page, asked with ``depth``."""
        request = self.request
        arguments: dict[str, JsonValue] = {"starting_id": self.view.start, "depth": depth}
        if request.subtypes:
            arguments["subtypes"] = [*sorted(request.subtypes)]
        if not request.names:
            arguments["names"] = False
        if request.max_tokens != USUAL_TOKENS:
            arguments["max_tokens"] = request.max_tokens
        return arguments


def plan_page(view: LineageView, request: PageRequest) -> PagePlan:
    """Which items a page can show.

    Raises:
        CursorError: The cursor is not one of ours, belongs to another question, or the lineage has
            changed since it was given.
    """
    rows: Sequence[int] = range(1, len(view.ids))
    if request.subtypes:
        rows = [ref for ref in rows if view.types[ref] in request.subtypes]
    begin = _position(view, request, len(rows))
    last = _last(view, request, rows, begin)
    arcs = view.arcs(rows[begin.row : last])
    makers = view.makers(view.ids[ref] for ref in (0, *arcs))
    return PagePlan(view, request, rows, begin, last, arcs, makers).planned()


def _last(view: LineageView, request: PageRequest, rows: Sequence[int], begin: _Position) -> int:
    """The end of the rows that would fit if they had no links and, where all may fit, no names either."""
    if (left := len(rows) - begin.row) <= _MOSTLY_SHOWN:
        return len(rows)
    # An id is at least a token.
    named = _ROW + _NAME if request.names and left * (_ROW + 1) > request.room else _ROW
    spent = 0
    for row in range(begin.row, len(rows)):
        spent += named + estimate_tokens(view.ids[rows[row]])
        if spent > request.room and row - begin.row >= _FEW:
            return row
    return len(rows)


def _position(view: LineageView, request: PageRequest, rows: int) -> _Position:
    if request.cursor is None:
        return _Position(0, 0)
    match decode_cursor(_question(view, request), request.cursor):
        case [str(digest), int(row), int(links)] if 0 <= row < rows and links >= 0:
            if digest == view.digest:
                return _Position(row, links)
        case _:
            raise CursorError("The cursor is not one of ours.", advice=_AGAIN)
    raise CursorError("The lineage has changed since this cursor was given.", advice=_AGAIN)


_AGAIN: Final = "Call the tool again without a cursor to start over."


def _question(view: LineageView, request: PageRequest) -> str:
    """What a cursor belongs to, in a few characters."""
    asked = "\n".join((view.query, view.start, str(view.depth), *sorted(request.subtypes)))
    return hashlib.blake2b(asked.encode(), digest_size=6).hexdigest()


def _fewer(count: int, share: float) -> int:
    return max(1, min(count - 1, int(count * share)))
