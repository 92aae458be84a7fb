"""JSON with comments and trailing commas, read with the place of everything in the text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from provena_mcp.assistants.editors.edits import UneditableError

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD: Final = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the text ``[start, end)`` it stands in; ``members`` if it is an object."""

    value: JsonValue
    start: int
    end: int
    members: tuple[Member, ...] | None = None

    def member(self, key: str) -> Member | None:
        """The member that counts: where a key comes twice, the last."""
        return next((member for member in reversed(self.members or ()) if member.key == key), None)


@dataclass(frozen=True, slots=True)
class Member:
    """A key from ``start``, its value, and the end of the comma after it (none if there is no comma)."""

    key: str
    start: int
    node: Node
    comma: int | None

    @property
    def end(self) -> int:
        """Where the member ends, its comma included."""
        return self.comma or self.node.end


def parse(text: str) -> Node | None:
    """The document; none if there is nothing but blanks and comments.

    Raises:
        UneditableError: It is not JSON, not even with comments; says in which line.
    """
    start = _skip(text, 0)
    if start == len(text):
        return None
    node = _value(text, start, 0)
    if (rest := _skip(text, node.end)) != len(text):
        raise _broken(text, rest)
    return node


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int) -> Node:
    if depth > _DEEPEST:
        raise UneditableError(f"it is nested more than {_DEEPEST} deep")
    match text[at : at + 1]:
        case "{":
            return _object(text, at, depth)
        case "[":
            return _array(text, at, depth)
        case '"':
            return _scalar(text, _STRING.match(text, at), at)
        case _:
            return _scalar(text, _WORD.match(text, at), at)


def _scalar(text: str, found: re.Match[str] | None, at: int) -> Node:
    if found is None:
        raise _broken(text, at)
    try:
        return Node(json.loads(found[0]), at, found.end())
    except ValueError as error:
        raise _broken(text, at) from error


def _object(text: str, start: int, depth: int) -> Node:
    members: list[Member] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        if members and members[-1].comma is None:
            raise _broken(text, at)
        key = _scalar(text, _STRING.match(text, at), at)
        colon = _skip(text, key.end)
        if text[colon : colon + 1] != ":":
            raise _broken(text, colon)
        node = _value(text, _skip(text, colon + 1), depth + 1)
        comma = _comma(text, node.end)
        members.append(Member(str(key.value), at, node, comma))
        at = _skip(text, comma or node.end)
    return Node({member.key: member.node.value for member in members}, start, at + 1, tuple(members))


def _array(text: str, start: int, depth: int) -> Node:
    items: list[JsonValue] = []
    separated = True
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        if not separated:
            raise _broken(text, at)
        node = _value(text, at, depth + 1)
        items.append(node.value)
        comma = _comma(text, node.end)
        separated = comma is not None
        at = _skip(text, comma or node.end)
    return Node(items, start, at + 1)


def _comma(text: str, at: int) -> int | None:
    at = _skip(text, at)
    return at + 1 if text[at : at + 1] == "," else None


def _broken(text: str, at: int) -> UneditableError:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return UneditableError(f"it is not valid JSON (line {line}, column {column})")
