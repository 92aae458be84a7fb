"""Changes one entry of YAML by its lines: a YAML library tells where they are, and never writes the file."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import yaml
from pydantic import JsonValue

from provena_mcp.assistants.editors.edits import Path, UneditableError, line_end
from provena_mcp.wire.items import JsonObject

_UNIT: Final = "  "


class YamlEditor:
    """An editor of YAML whose groups of entries are written in lines, as programs write them."""

    def read(self, text: str) -> JsonObject:
        """The whole content; what JSON has no word for, such as dates, as text."""
        try:
            content = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise _broken(error) from error
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise UneditableError("it is not a group of settings")
        return cast("JsonObject", json.loads(json.dumps(content, default=str)))

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """Put the entry right below its group's name, or in place of the one there."""
        group_name, name = path
        end = line_end(text)
        group = _member(_root(text), group_name)
        if group is None:
            gap = "" if not text or text.endswith("\n") else end
            return text + gap + f"{group_name}:{end}" + _lines({name: value}, _UNIT, end)
        key, node = group
        if isinstance(node, yaml.MappingNode) and node.value and node.flow_style:
            raise UneditableError(f"{group_name!r} in it is written in one line")
        found = _member(node, name)
        if found is not None:
            start, stop = _span(text, *found)
            return text[:start] + _lines({name: value}, " " * found[0].start_mark.column, end) + text[stop:]
        indent = " " * (_first_column(node) or key.start_mark.column + len(_UNIT))
        if not (isinstance(node, yaml.MappingNode) and node.value):
            # "{}" or nothing: what is put in follows on lines of its own.
            text = text[: node.start_mark.index] + text[node.end_mark.index :]
        below = _line_after(text, key.end_mark.index)
        gap = "" if text[:below].endswith("\n") else end
        return text[:below] + gap + _lines({name: value}, indent, end) + text[below:]

    def take(self, text: str, path: Path) -> str:
        """Remove the entry's lines; a group without entries says so, since nothing would be null."""
        group_name, name = path
        group = _member(_root(text), group_name)
        found = _member(group[1], name) if group else None
        if group is None or found is None:
            return text
        if isinstance(group[1], yaml.MappingNode) and group[1].flow_style:
            raise UneditableError(f"{group_name!r} in it is written in one line")
        start, stop = _span(text, *found)
        text = text[:start] + text[stop:]
        if len(group[1].value) == 1:
            colon = text.index(":", group[0].end_mark.index) + 1
            text = f"{text[:colon]} {{}}{text[colon:]}"
        return text


def _root(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _broken(error) from error


def _member(node: yaml.Node | None, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
    return next((pair for pair in pairs if pair[0].value == key), None)


def _first_column(node: yaml.Node) -> int | None:
    if isinstance(node, yaml.MappingNode) and node.value:
        return cast("int", node.value[0][0].start_mark.column)
    return None


def _span(text: str, key: yaml.Node, node: yaml.Node) -> tuple[int, int]:
    """From the beginning of the entry's first line to the end of its last."""
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    return start, _line_after(text, max(_last_place(node), key.end_mark.index))


def _last_place(node: yaml.Node) -> int:
    """Where the last thing of a value ends: the value's own mark is beyond blanks and comments after it."""
    within: list[Any] = []
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        within = [one for pair in node.value for one in pair]
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style:
        within = list(node.value)
    if not within:
        return max(node.start_mark.index, node.end_mark.index - 1)
    return max(_last_place(one) for one in within)


def _line_after(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _lines(value: JsonObject, indent: str, end: str) -> str:
    """``value`` in lines; what is in it is JSON, which is YAML."""
    lines: list[str] = []
    for key, one in value.items():
        if isinstance(one, dict) and one and indent.strip() == "" and len(value) == 1:
            lines.append(f"{indent}{key}:{end}")
            lines += [f"{indent}{_UNIT}{name}: {_dumped(inner)}{end}" for name, inner in one.items()]
        else:
            lines.append(f"{indent}{key}: {_dumped(one)}{end}")
    return "".join(lines)


def _dumped(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)


def _broken(error: Exception) -> UneditableError:
    mark = getattr(error, "problem_mark", None)
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if isinstance(mark, yaml.Mark) else ""
    return UneditableError(f"it is not valid YAML{place}")
