"""Text from outside on a terminal."""

from __future__ import annotations

from typing import Final

_MOST_NAMED: Final = 20


def named(heading: str, found: list[str]) -> list[str]:
    """A heading and the first of what was found; nothing where nothing was."""
    if not found:
        return []
    more = [f"  and {len(found) - _MOST_NAMED} more"] if len(found) > _MOST_NAMED else []
    return [heading, *(f"  {printable(line)}" for line in found[:_MOST_NAMED]), *more]


def printable(text: str) -> str:
    """The text without what could drive the terminal: ids and reasons quote files and deployments."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
