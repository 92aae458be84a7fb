"""How much an answer may hold: tokens, hops and lengths of text, and what of a list fits.

The estimate of tokens is cheap and errs high. It follows how the o200k_base tokenizer of current models
cuts text into pieces, and guesses how many tokens each piece becomes: on results of this package it lies
up to a quarter above the true count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil
from typing import Final, TypeVar

from pydantic import BaseModel

PartT = TypeVar("PartT", bound=BaseModel)

USUAL_TOKENS: Final = 4000
"""Of one result, where the caller names no other budget."""

MOST_HOPS: Final = 100
"""The deepest lineage that can be asked for."""

WORD_LENGTH: Final = 80
"""Characters shown of a text that should be a word or two: a username, a licence, a value."""

NAME_LENGTH: Final = 120
"""Characters shown of a display name."""

TEXT_LENGTH: Final = 160
"""Characters shown of a description or an address beside other things."""

BRIEF_TEXT_LENGTH: Final = 400
"""Characters shown of a description or the like in an item's own brief."""

BRIEF_WORD_LENGTH: Final = 200
"""Characters shown there of a keyword, a key or a value."""

MESSAGE_LENGTH: Final = 300
"""Characters shown of a sentence that says what is wrong."""

# A capitalised or small word with the mark or space before it; a word in capitals; up to three
# digits; other letters; marks; white space. What is longer than a word can be is more than one piece.
_PIECE: Final = re.compile(
    r"(?<=\d)[A-Za-z]{1,240}|(?:[^\r\n\w]|_)?[A-Z]?[a-z]{1,240}|(?:[^\r\n\w]|_)?[A-Z]{1,240}"
    r"|\d{1,3}|[^\W\d_A-Za-z]{1,240}| ?(?:[^\s\w]|_){1,240}|\s{1,240}"
)
# Marks of more than two characters that are one token all the same.
_ONE_TOKEN: Final = frozenset({'","', '":"', '":[', '":{', '"},{"', '":[[', '"],["', '"}},"', '"]}', '"}'})
# Characters of a text that is likely to be counted again: an id, a name, or the two in a row.
_SHORT: Final = 240
# Four consonants in a row: not a word that a tokenizer knows.
_ODD: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{4}", re.IGNORECASE)
# Endings of long words that mostly are one token.
_COMMON: Final = re.compile(
    r"(?:[st]ions?|tures?|ments?|ity|ing|ives?|[ea]nces?|[ai]ble|i?cal|ness|ates?|ology|ers?|ed|ic)$"
)
_MARGIN: Final = 1.04


def estimate_tokens(text: str) -> int:
    """At least the number of o200k_base tokens of ``text``, random letters and symbols excepted."""
    return tokens_of(count_pieces(text))


def count_pieces(text: str) -> int:
    """What the pieces of ``text`` are guessed to become, without the margin.

    Of a text cut where one piece ends and another begins it is the sum over the parts.
    """
    return _of_short(text) if len(text) <= _SHORT else _count(text)


def tokens_of(pieces: int) -> int:
    """The estimate of tokens for a text of so many pieces, or for several together."""
    return ceil(_MARGIN * pieces)


def size_of(part: BaseModel) -> int:
    """Tokens of a part of a result, as results are written."""
    return estimate_tokens(part.model_dump_json(exclude_none=True))


def take_within(
    parts: Sequence[PartT], budget: int, size: Callable[[PartT], int] = size_of
) -> tuple[PartT, ...]:
    """As many of ``parts`` from the start as ``budget`` tokens hold; the first always fits."""
    for number, part in enumerate(parts):
        budget -= size(part)
        if budget < 0:
            return tuple(parts[: max(number, 1)])
    return tuple(parts)


# Both memos hold short texts alone, and what follows from each alone.
@lru_cache(maxsize=20_000)
def _of_short(text: str) -> int:
    return _count(text)


def _count(text: str) -> int:
    return sum(map(_tokens, _PIECE.findall(text)))


@lru_cache(maxsize=20_000)
def _tokens(piece: str) -> int:
    if not piece.isascii():
        # Scripts of two bytes a letter are cheaper than those of three; pictures are dear.
        size = len(piece.encode())
        share = 0.8 if not piece[-1].isalpha() else 0.3 if size <= 2 * len(piece) else 0.5
        return max(1, round(size * share))
    if not piece[-1].isalpha():
        return 1 if len(piece) <= 2 or piece[-1].isdigit() or piece in _ONE_TOKEN else (len(piece) + 1) // 2
    if len(piece) > 4 and _ODD.search(piece):
        return round(len(piece) * 0.6)
    if piece[-1].isupper():
        return 1 + len(piece) // 3
    if _COMMON.search(piece):
        return 1 + len(piece) // 14
    # Capitalised words often are names, which no tokenizer knows whole.
    return 1 + (len(piece) - 1) // (6 if piece.islower() else 5)
