"""Items found, listed, counted and read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from provena_mcp.cli.ask.parts import headline, item, kind_of, remark, table
from provena_mcp.errors import Fault
from provena_mcp.queries.items.lists import ListItemsResult
from provena_mcp.queries.items.rows import Namesakes, Row
from provena_mcp.queries.items.search import SearchItemsResult
from provena_mcp.wire.items import JSON_OBJECT, JsonObject, as_object

_SHOWN_APART: Final = frozenset({"id", "name", "type"})


def found(result: SearchItemsResult) -> RenderableType:
    """Hits, best first, and what tells those of one name apart."""
    if not result.items:
        return Group(headline("Nothing was found."), *_said(result.note, result.left_out))
    shown: list[RenderableType] = [_rows(result.items)]
    for namesakes in result.same_name or ():
        shown += ["", _namesakes(namesakes)]
    shown += _said(result.note, result.left_out)
    shown += [remark(f"{item_id}: {why}") for item_id, why in (result.unreadable or {}).items()]
    return Group(*shown)


def listed(result: ListItemsResult) -> RenderableType:
    """A page of items, or the groups they were counted in."""
    total = "?" if result.total is None else f"{result.total}{' or more' if result.total_is_minimum else ''}"
    shown: list[RenderableType] = []
    if result.groups is not None:
        counts = [
            (str(group.count), group.name or group.key, group.key if group.name else "")
            for group in result.groups
        ]
        shown.append(table("items", result.group_by or "", "id", rows=counts))
    elif result.items:
        shown.append(_rows(result.items))
    if result.total is not None:
        shown.append(remark(f"{total} in all."))
    elif not result.items and result.groups is None:
        shown.append(headline("There are no such items."))
    shown += _said(result.note, result.left_out)
    if result.unparsable:
        shown.append(remark(f"Not valid, so not read: {', '.join(result.unparsable)}"))
    return Group(*shown)


def fetched(answer: JsonObject) -> RenderableType:
    """Items with all that is known of them; briefs differ by type, so they are shown as they come."""
    shown: list[RenderableType] = []
    included = as_object(answer.get("included"))
    for brief in _objects(answer.get("items")):
        item_id = str(brief["id"])
        shown += [item(item_id, str(brief.get("name") or ""), str(brief.get("type")))]
        known = {name: value for name, value in brief.items() if name not in _SHOWN_APART}
        known |= as_object(included.get(item_id))
        shown += [Padding(table("", "", rows=_known(known)), (0, 0, 1, 2))]
    for state in ("not_found", "forbidden", "not_shown"):
        ids = cast("list[str]", answer.get(state) or [])
        shown += [Text(f"{state.replace('_', ' ')}: {item_id}", style="red") for item_id in ids]
    for failure in _objects(answer.get("failed")):
        shown.append(Text(f"{failure['id']}: {failure['reason']}", style="red"))
    return Group(*shown)


def is_missing_some(answer: JsonObject) -> bool:
    """Whether an item that was asked for does not exist."""
    return bool(answer.get("not_found"))


def fault_in(answer: JsonObject) -> Fault | None:
    """Whose fault it is that items could not be read; the deployment's if it failed for any of them."""
    if answer.get("failed"):
        return "deployment"
    return "access" if answer.get("forbidden") else None


def _rows(rows: Sequence[Row]) -> RenderableType:
    return table(
        "id",
        "type",
        "name",
        "when",
        rows=[(row.id, kind_of(row.type), _named(row), row.when or (row.updated or "")[:10]) for row in rows],
    )


def _named(row: Row) -> Text:
    text = Text(row.name)
    if row.version:
        text.append(f" v{row.version}", style="dim")
    if row.superseded_by:
        text.append(f" replaced by {row.superseded_by}", style="yellow")
    return text


def _namesakes(namesakes: Namesakes) -> RenderableType:
    rows = [
        (each.id, each.organisation or "", each.when or "", each.owner or "", each.licence or "")
        for each in namesakes.items
    ]
    differ = "; they differ:" if any(any(row[1:]) for row in rows) else ":"
    return Group(
        remark(f"{namesakes.count} are called {namesakes.name}{differ}"),
        table("id", "organisation", "when", "owner", "licence", rows=rows),
    )


def _said(note: str | None, left_out: Mapping[str, int] | None) -> Iterator[Text]:
    if left_out:
        yield remark("Left out: " + ", ".join(f"{count} by {name}" for name, count in left_out.items()) + ".")
    if note:
        yield remark(note)


def _known(known: Mapping[str, JsonValue]) -> Iterator[tuple[Text, Text]]:
    for name, value in known.items():
        if value in ([], {}):
            continue
        yield Text(_words(name), style="dim"), Text("\n".join(_lines(name, value)))


def _lines(name: str, value: JsonValue) -> Iterator[str]:
    """A value on as many lines as it has parts that have parts themselves."""
    if name == "record":
        yield json.dumps(value, indent=2, ensure_ascii=False)
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        yield from map(_inline, value)
    elif isinstance(value, dict) and "id" not in value:
        yield from (f"{_words(part)} {_inline(value[part])}" for part in value if value[part] != {})
    else:
        yield _inline(value)


def _inline(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_inline, value))
    return _object_line(value) if isinstance(value, dict) else str(value)


def _object_line(value: JsonObject) -> str:
    """An item by name and id, then whatever else is known of it."""
    known = [f"{_words(name)} {_inline(part)}" for name, part in value.items() if name not in ("id", "name")]
    if "id" not in value:
        return ", ".join(known)
    who = f"{value['name']} ({value['id']})" if value.get("name") else str(value["id"])
    return ", ".join((who, *known))


def _words(name: str) -> str:
    return name if name.isupper() else name.replace("_", " ")


def _objects(value: JsonValue) -> list[JsonObject]:
    return [JSON_OBJECT.validate_python(part) for part in value] if isinstance(value, list) else []
