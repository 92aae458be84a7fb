"""Makes text written by users of Provena safe to show: it is data, and must not pass for anything else.

What is taken out here is taken out of what is shown, never of what is kept: a name with U+FEFF or another
character that nobody sees is registered and updated with it, and shown without it, since such characters
hide words from people that a model reads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, cast

from pydantic import JsonValue

from provena_mcp.rules.budgets import BRIEF_TEXT_LENGTH, BRIEF_WORD_LENGTH

_ELLIPSIS: Final = "…"
_MOST_WORDS: Final = 20
_SPACES: Final = re.compile(r"\s+")
# Variation selectors, fillers, the blank of Braille and the grapheme joiner are marks, yet show nothing.
_INVISIBLE_MARKS: Final = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# The zero-width joiner and non-joiner shape the letters on both sides of them (Persian, Indic, emoji):
# inside a word they stay, one at a time; anywhere else they only hide.
_JOINERS: Final = "\u200c\u200d"
_MORE_JOINERS: Final = re.compile(r"(?<=[\u200c\u200d])[\u200c\u200d]+")
_STRAY_JOINERS: Final = re.compile(r"(?<![^\x00-\x7f\s])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\s])")
# Control, format (bidi, zero width, tags), surrogate, private use and unassigned characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str, limit: int) -> str:
    """One line of visible text, at most ``limit`` characters; an ellipsis shows what was cut.

    Control, bidirectional, zero-width, tag and other invisible characters are removed; every run of
    white space becomes one space.
    """
    if text.isascii() and text.isprintable():
        # The usual text: a space is the only white space that it can hold.
        return _cut(" ".join(text.split()), limit)
    return _cut(_SPACES.sub(" ", _visible(text)).strip(), limit)


def shown_text(value: str | None, limit: int = BRIEF_TEXT_LENGTH) -> str | None:
    """Cleaned text of at most ``limit`` characters; none for none or blank."""
    return (clean(value, limit) or None) if value else None


def shown_words(values: Iterable[str] | None) -> tuple[str, ...] | None:
    """A bounded list of cleaned words; none for an empty one."""
    return tuple(clean(word, BRIEF_WORD_LENGTH) for word in values or ())[:_MOST_WORDS] or None


def shown_pairs(values: Mapping[str, str] | None) -> dict[str, str] | None:
    """Cleaned keys and values; none for no pairs."""
    limit = BRIEF_WORD_LENGTH
    return {clean(key, limit): clean(value, limit) for key, value in (values or {}).items()} or None


def clean_lines(text: str) -> str:
    """All of a text, made visible; line breaks and tabs stay as they are."""
    return _visible(text, keep="\r\n\t")


def clean_json(value: JsonValue, limit: int | None = 20_000) -> JsonValue:
    """A JSON value with every string in it made visible; line breaks stay.

    Of each string at most ``limit`` characters are kept, if there is a limit; an ellipsis shows what
    was cut.
    """
    if isinstance(value, str):
        text = _visible(value, keep="\n\t")
        return text if limit is None else _cut(text, limit)
    if isinstance(value, list):
        return [clean_json(part, limit) for part in value]
    if isinstance(value, dict):
        return {_visible(key): clean_json(part, limit) for key, part in value.items()}
    return value


def clean_object(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A JSON object with every string in it made visible, as ``clean_json`` does."""
    return cast("dict[str, JsonValue]", clean_json(value))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def _visible(text: str, keep: str = "") -> str:
    kept = "".join(
        c
        if c in keep or c in _JOINERS or unicodedata.category(c) not in _UNSEEN
        else (" " if c.isspace() else "")
        for c in text
    )
    shown = _INVISIBLE_MARKS.sub("", kept)
    if any(joiner in shown for joiner in _JOINERS):
        return _STRAY_JOINERS.sub("", _MORE_JOINERS.sub("", shown))
    return shown


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 run", "3 runs", "2 people"."""
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


def first_of(lines: Sequence[str], most: int, rest: Callable[[int], str]) -> tuple[str, ...]:
    """The first ``most`` lines; if there are more, the last is what ``rest`` says of how many."""
    left = len(lines) - most
    return (*lines[:most], rest(left)) if left > 0 else tuple(lines)


def all_reasons(*reasons: str | None) -> str | None:
    """Why something is not complete or certain, in one text; none if there is no reason."""
    return "; ".join(filter(None, reasons)) or None
