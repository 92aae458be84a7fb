"""JSON as the doors of the embedded Provena take it, and what no store, answer or export could hold."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

MOST_LEVELS: Final = 100
"""How deeply a value may be nested; what handles it further on descends a level a call."""

_LARGEST: Final = 2**63 - 1
# The longest whole number that can be in range.
_MOST_DIGITS: Final = 20
_NESTING: Final = (dict, list)


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that cannot be kept: the keys and positions that lead to it, and what is wrong with it."""

    place: tuple[str | int, ...]
    reason: str

    def __str__(self) -> str:
        """The fault in words."""
        where = ".".join(map(str, self.place))
        return f"{where}: {self.reason}" if where else self.reason


def _whole(digits: str) -> float | int:
    number = int(digits) if len(digits) <= _MOST_DIGITS else math.inf
    return number if abs(number) <= _LARGEST else math.inf


DECODER: Final = json.JSONDecoder(parse_int=_whole)
"""Reads JSON as ``json`` does, but a number out of range is infinite instead of an error or a huge number."""


def compact_json(value: JsonValue) -> str:
    """The JSON text of a value without a fault, as it is kept.

    Raises:
        ValueError: It holds half characters, or is nested very deeply.
    """
    return to_json(value, inf_nan_mode="constants").decode()


def fault_of(value: JsonValue, text: str | None = None, *, allow_nul: bool = False) -> Fault | None:
    """The first thing in a decoded value that cannot be kept, given back or shown.

    That is a number out of range or none, half a character, nesting deeper than ``MOST_LEVELS`` and,
    unless ``allow_nul``, the character U+0000, which much that reads Provena's answers takes for an end.

    Args:
        value: What ``DECODER`` made of a text.
        text: Its JSON text as ``compact_json`` has it, if that is at hand.
        allow_nul: For what a deployment holds already.
    """
    try:
        text = text if text is not None else compact_json(value)
    except ValueError:
        is_suspect = True
    else:
        # Of objects only those that hold something: within a text the quotation mark would be escaped, and
        # the provenance of a run is a text of JSON. An empty one within all others is a level more.
        levels = text.count('{"') + text.count("[") + 1
        is_deep = levels > MOST_LEVELS and _is_deeper(value, MOST_LEVELS - 1)
        has_nul = not allow_nul and "\\u0000" in text
        is_suspect = is_deep or has_nul or "Infinity" in text or "NaN" in text
    # Looking at every value takes long, and nearly every text is without a fault.
    return next(_faults(value, allow_nul=allow_nul), None) if is_suspect else None


def _is_deeper(value: JsonValue, levels: int) -> bool:
    """Whether a value is nested in more than so many levels."""
    if isinstance(value, dict):
        parts = [part for part in value.values() if type(part) in _NESTING]
    else:
        parts = [part for part in value if type(part) in _NESTING] if isinstance(value, list) else []
    return bool(parts) and (levels == 0 or any(_is_deeper(part, levels - 1) for part in parts))


def _faults(value: JsonValue, *, allow_nul: bool) -> Iterator[Fault]:
    waiting: list[tuple[tuple[str | int, ...], JsonValue]] = [((), value)]
    while waiting:
        place, part = waiting.pop()
        if len(place) > MOST_LEVELS:
            yield Fault(place[:3], "nested too deeply")
        elif isinstance(part, dict):
            waiting += [((*place, key), entry) for key, entry in reversed(part.items())]
            waiting += [((*place, "key"), key) for key in part]
        elif isinstance(part, list):
            waiting += [((*place, index), entry) for index, entry in reversed([*enumerate(part)])]
        elif isinstance(part, float) and not math.isfinite(part):
            yield Fault(place, "a number is out of range")
        elif isinstance(part, str):
            yield from _faults_of_text(place, part, allow_nul=allow_nul)


def _faults_of_text(place: tuple[str | int, ...], text: str, *, allow_nul: bool) -> Iterator[Fault]:
    if "\0" in text and not allow_nul:
        yield Fault(place, "it holds the character U+0000 (NUL)")
    try:
        text.encode()
    except UnicodeEncodeError:
        yield Fault(place, "it holds text that is not Unicode (a lone surrogate)")
