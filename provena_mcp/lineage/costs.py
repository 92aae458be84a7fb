"""Estimates what a page of a lineage costs in tokens, without writing its rows first.

A page is a frame, rows and links. The frame is written and counted; of rows and links the JSON is known,
and so is where the estimate cuts it into pieces: at every number. So the sum over the parts is the estimate
of the whole, or a little more where an item's own text runs into the marks around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final

from pydantic_core import to_json

from provena_mcp.lineage.result import Adjacency, AnswerItem, LineageResult, Row
from provena_mcp.rules.budgets import count_pieces, tokens_of
from provena_mcp.rules.handles import MAX_LENGTH

_ROWS: Final = {"answer", "nodes", "links"}
# How a list of rows goes on after a row: with another, with another type, with another hop, or not at all.
_NEXT_ROW: Final = "],["
_NEXT_TYPE: Final = ']],"'
_NEXT_HOP: Final = ']]},"'
_NEXT_ANSWER: Final = ',{"'
_END: Final = ']]}},"'
# By how many pieces the ends of the last list may be more than those between two rows.
_LAST_ENDS: Final = 3
_OF_ONE_PIECE: Final = 999
_RELATION_AND_SOURCE: Final = itemgetter(0, 1)


def cost_of(result: LineageResult) -> int:
    """At least what ``estimate_tokens`` says of ``result`` as it is written."""
    pieces = cost_of_frame(result) + _of_nodes(result.nodes) + _of_links(result.links)
    return tokens_of(pieces + (_of_answer(result.answer) if result.answer is not None else 0))


def cost_of_frame(result: LineageResult) -> int:
    """The pieces of all that stands around the rows and links of ``result``."""
    return count_pieces(result.model_dump_json(exclude_none=True, exclude=_ROWS))


class RowCosts:
    """Adds up what rows and links are going to cost at most, in pieces, before any is written.

    It is what they do cost, but for marks at the ends of lists, and for items that come to share their
    targets only by further links.
    """

    def __init__(self, *, answers: bool = False) -> None:
        """Nothing is added yet: two empty lists, and one of ``answers`` where there is one."""
        self.pieces = count_pieces('nodes":{},"') + count_pieces('links":{},"') + _LAST_ENDS
        if answers:
            self.pieces += count_pieces('answer":[{"') + _LAST_ENDS
        self._place = ("", "")
        # The targets of each source of a relation; of a relation, how many sources have the same ones.
        self._targets: dict[tuple[str, int], tuple[int, ...]] = {}
        self._sharing: dict[str, dict[tuple[int, ...], int]] = {}

    def add_answer(self, item: AnswerItem) -> None:
        """Add what was asked for."""
        self.pieces += count_pieces(_written(item) + _NEXT_ANSWER)

    def add_row(self, hop: str, subtype: str, ref: int, words: tuple[str, ...]) -> None:
        """Add the row of an item: its ref, then its id and, if it is known, its name."""
        if self._place != (hop, subtype):
            if self._place[0] != hop:
                self.pieces += count_pieces(f'{hop}":{{"') + 1
            self.pieces += count_pieces(f'{subtype}":[[') + 1
            self._place = (hop, subtype)
        self.pieces += _of_number(ref) + _of_words(words, _NEXT_ROW)

    def add_links(self, arcs: Iterable[tuple[str, int, int]]) -> None:
        """Add links in order: relation, source, target."""
        for (relation, source), group in groupby(arcs, _RELATION_AND_SOURCE):
            targets = tuple([target for _, _, target in group])
            sharing = self._sharing.get(relation)
            if sharing is None:
                sharing = self._sharing[relation] = {}
                self.pieces += count_pieces(f"{_quoted(relation)[1:]}:[[[")
            known = self._targets.get((relation, source), ())
            if known:
                self.pieces += _of_refs(targets)
                sharing[known] -= 1
                if sharing[known]:
                    # Others share what it had: that is said once more.
                    self.pieces += _of_refs(known) + 1
            else:
                self.pieces += _of_refs((source,)) + (0 if sharing.get(targets) else _of_refs(targets) + 1)
            self._targets[relation, source] = targets = known + targets
            sharing[targets] = sharing.get(targets, 0) + 1


def _of_answer(items: Sequence[AnswerItem]) -> int:
    if not items:
        return count_pieces('answer":[],"')
    *others, last = map(_written, items)
    return (
        count_pieces('answer":[{"')
        + sum(count_pieces(text + _NEXT_ANSWER) for text in others)
        + count_pieces(last + '],"')
    )


def _written(item: AnswerItem) -> str:
    """Without the marks that it begins with: these are counted with what stands before it."""
    return item.model_dump_json(exclude_none=True)[2:]


def _of_nodes(nodes: Mapping[str, Mapping[str, Sequence[Row]]]) -> int:
    if not nodes:
        return count_pieces('nodes":{},"')
    pieces = count_pieces('nodes":{"')
    *_, last_hop = nodes
    for hop, by_type in nodes.items():
        pieces += count_pieces(f'{hop}":{{"')
        *_, last_type = by_type
        for subtype, rows in by_type.items():
            end = _NEXT_TYPE if subtype != last_type else _NEXT_HOP if hop != last_hop else _END
            pieces += count_pieces(f'{subtype}":[[') + _of_rows(rows, end)
    return pieces


def _of_rows(rows: Sequence[Row], end: str) -> int:
    pieces = 0
    last = rows[-1]
    for row in rows:
        # From the number on: what stands before it is counted with what came before.
        pieces += _of_number(row[0]) + _of_words(row[1:], end if row is last else _NEXT_ROW)
    return pieces


def _of_words(words: tuple[str, ...], end: str) -> int:
    # A name was cut, an id never is.
    return _of_known(words, end) if len(words[0]) <= MAX_LENGTH else _of_texts(words, end)


@lru_cache(maxsize=20_000)
def _of_known(words: tuple[str, ...], end: str) -> int:
    """Of an id and a name, which mostly come again with the next question; they alone decide."""
    return _of_texts(words, end)


def _of_texts(words: tuple[str, ...], end: str) -> int:
    return count_pieces("".join(f",{_quoted(word)}" for word in words) + end)


def _quoted(text: str) -> str:
    return f'"{text}"' if text.isalnum() else to_json(text).decode()


def _of_links(links: Mapping[str, Sequence[Adjacency]]) -> int:
    if not links:
        return count_pieces('links":{},"')
    pieces = count_pieces('links":{"') + 1
    for relation, rows in links.items():
        first, *_ = rows[0]
        pieces += count_pieces(f"{_quoted(relation)[1:]}:[{'[[' if isinstance(first, tuple) else '['}")
        for row in rows:
            # After every ref but the last a mark, or two as one piece; after the last three or four, which
            # are two pieces.
            pieces += 1
            for part in row:
                pieces += _of_refs(part if isinstance(part, tuple) else (part,))
    return pieces


def _of_refs(refs: Sequence[int]) -> int:
    return 2 * len(refs) if max(refs) <= _OF_ONE_PIECE else sum(map(_of_number, refs)) + len(refs)


def _of_number(ref: int) -> int:
    return 1 if ref <= _OF_ONE_PIECE else (len(str(ref)) + 2) // 3
