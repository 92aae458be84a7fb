"""Changes one entry of JSON, comments or not: what is put in is laid out as its neighbours are."""

from __future__ import annotations

import json
import re
from typing import Final

from pydantic import JsonValue

from provena_mcp.assistants.editors.edits import Path, UneditableError, line_end
from provena_mcp.assistants.editors.json_spans import Member, Node, parse
from provena_mcp.wire.items import JsonObject, as_object

# Blanks and comments up to the end of a line.
_REST_OF_LINE: Final = re.compile(r"(?:[ \t]+|/\*[^\r\n]*?\*/)*(?://[^\r\n]*)?(?:[ \t]+)?")
_INDENT: Final = re.compile(r"[ \t]*")
_UNIT: Final = "  "


class JsonEditor:
    """An editor of JSON with comments and trailing commas."""

    def read(self, text: str) -> JsonObject:
        """The whole content."""
        node = parse(text)
        return {} if node is None else _object(node)

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Add ``value`` as the last member of its group; where it is there, change what differs in it."""
        root = parse(text)
        if root is None:
            end = line_end(text)
            before = f"{text.rstrip()}{end}" if text.strip() else ""
            return before + _written(_nested(path, value), "", _UNIT, end) + end
        node = root
        for depth, key in enumerate(path):
            _object(node)
            member = node.member(key)
            if member is None:
                return _added(text, root, node, key, _nested(path[depth + 1 :], value))
            node = member.node
        if node.members is not None and isinstance(value, dict):
            return self._update(text, path, _object(node), value)
        style = _Style(text, root)
        return text[: node.start] + style.write(value, style.indent_at(node.start)) + text[node.end :]

    def _update(self, text: str, path: Path, before: JsonObject, after: JsonObject) -> str:
        for key in before.keys() - after.keys():
            text = self.take(text, (*path, key))
        for key, value in after.items():
            if key not in before or before[key] != value:
                text = self.put(text, (*path, key), value)
        return text

    def take(self, text: str, path: Path) -> str:
        """Remove the entry with its line, as often as its key comes."""
        node = parse(text)
        for key in path[:-1]:
            member = node.member(key) if node else None
            node = member.node if member else None
        found = node.member(path[-1]) if node else None
        if node is None or found is None:
            return text
        return self.take(_removed(text, node, found), path)


class _Style:
    """How a document is laid out: its line ends, its indent, or all in one line."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.end = line_end(text)
        first = root.members[0] if root.members else None
        before = text[root.start : first.start] if first else ""
        self.compact = "\n" not in text.strip() and first is not None
        self.unit = (
            before.rpartition("\n")[2] if "\n" in before and not before.rpartition("\n")[2].strip() else ""
        )
        self.unit = self.unit or _UNIT

    def indent_at(self, place: int) -> str:
        """The indent of the line in which ``place`` is."""
        found = _INDENT.match(self.text, self.text.rfind("\n", 0, place) + 1)
        return found[0] if found else ""

    def write(self, value: JsonValue, indent: str) -> str:
        """``value``, its lines after the first indented by ``indent`` and more."""
        return _dumped(value) if self.compact else _written(value, indent, self.unit, self.end)


def _nested(path: Path, value: JsonValue) -> JsonValue:
    for key in reversed(path):
        value = {key: value}
    return value


def _object(node: Node) -> JsonObject:
    if node.members is None:
        raise UneditableError("a group of entries in it is something else")
    return as_object(node.value)


def _added(text: str, root: Node, node: Node, key: str, value: JsonValue) -> str:
    style = _Style(text, root)
    last = node.members[-1] if node.members else None
    after = last.end if last else node.start + 1
    # A remark behind the last member stays behind it.
    rest = _REST_OF_LINE.match(text, after)
    place = rest.end() if rest else after
    own_lines = text[place : place + 1] in ("\r", "\n")
    if not own_lines:
        place = after
    comma = "," if last is not None and last.comma is None else ""
    ending = "," if last is not None and last.comma is not None else ""
    if style.compact or (last is not None and not own_lines):
        gap = " " if last is not None and not style.compact else ""
        return text[:after] + f"{comma}{gap}{_dumped(key)}:{gap}{_dumped(value)}{ending}" + text[after:]
    indent = _members_indent(style, node, last)
    member = f"{style.end}{indent}{_dumped(key)}: {style.write(value, indent)}{ending}"
    tail = "" if own_lines else style.end + style.indent_at(node.start)
    return text[:after] + comma + text[after:place] + member + tail + text[place:]


def _members_indent(style: _Style, node: Node, last: Member | None) -> str:
    if last is not None:
        return style.indent_at(last.start)
    return style.indent_at(node.start) + style.unit


def _removed(text: str, node: Node, member: Member) -> str:
    members = node.members or ()
    around = text[node.start + 1 : member.start] + text[member.end : node.end - 1]
    if len(members) == 1 and not around.strip():
        return text[: node.start] + "{}" + text[node.end :]
    start, end = member.start, member.end
    blank = _INDENT.match(text, end)
    if member.comma and blank and text[blank.end() : blank.end() + 1] == '"':
        return text[:start] + text[blank.end() :]
    while start and text[start - 1] in " \t":
        start -= 1
    if re.match(r"[ \t]*(?:\r?\n|$)", text[end:]):
        # Alone in its line: the line goes. Something behind it might otherwise end up in a comment before it.
        start -= 1 if text[start - 1 : start] == "\n" else 0
        start -= 1 if text[start - 1 : start] == "\r" else 0
    index = members.index(member)
    text = text[:start] + text[end:]
    if member.comma is None and index:
        comma = members[index - 1].comma or 0
        text = text[: comma - 1] + text[comma:]
    return text


def _written(value: JsonValue, indent: str, unit: str, end: str) -> str:
    """``value`` with an object's members a line each; lists, which are short, in one."""
    if not isinstance(value, dict) or not value:
        return _dumped(value, ", ", ": ")
    inner = indent + unit
    lines = [f"{inner}{_dumped(key)}: {_written(one, inner, unit, end)}" for key, one in value.items()]
    return "{" + end + f",{end}".join(lines) + f"{end}{indent}}}"


def _dumped(value: JsonValue, comma: str = ",", colon: str = ":") -> str:
    return json.dumps(value, ensure_ascii=False, separators=(comma, colon))
