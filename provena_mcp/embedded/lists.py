"""Pages of the registry's lists (provena-http 7.5)."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.wire.items import JsonObject

SortColumn = Literal["created", "updated", "display_name", "release_timestamp", "access_info_uri"]

# The registry's own name of what a list is sorted by, as its pagination keys spell it.
_KEY_NAME: Final[dict[SortColumn, str]] = {
    "created": "created_timestamp",
    "updated": "updated_timestamp",
    "display_name": "display_name",
    "release_timestamp": "release_timestamp",
    "access_info_uri": "access_info_uri",
}
_EXPRESSION: Final[dict[SortColumn, str]] = {
    "created": "created",
    "updated": "updated",
    "display_name": "display_name",
    "release_timestamp": "json_extract(raw, '$.release_timestamp')",
    "access_info_uri": "json_extract(raw, '$.access_info_uri')",
}


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """Which rows to read: at most ``size``, after the row that ``after`` names."""

    sort: SortColumn = "updated"
    ascending: bool = False
    subtype: str | None = None
    reviewer: str | None = None
    release_status: str | None = None
    begins_with: str | None = None
    after: JsonObject | None = None
    size: int = 20


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows in order, and the key to go on with unless they were the last."""

    items: tuple[JsonObject, ...]
    next: JsonObject | None


def read_page(connection: sqlite3.Connection, request: RowsRequest) -> RowPage:
    """One page, cut before any filter on the record type or on access, as in the registry.

    As there, a page that is exactly full has a key even when nothing follows.

    Raises:
        ValueError: ``after`` is no key of this list.
    """
    conditions, values = _conditions(request)
    expression = _EXPRESSION[request.sort]
    order = "ASC" if request.ascending else "DESC"
    statement = " ".join(
        (
            "SELECT id,",
            expression,
            ", raw FROM item WHERE",
            " AND ".join(conditions),
            "ORDER BY",
            f"{expression} {order}, id {order}",
            "LIMIT :size",
        )
    )
    rows = connection.execute(statement, {**values, "size": request.size}).fetchall()
    is_last = len(rows) < request.size
    return RowPage(
        tuple(json.loads(raw) for _, _, raw in rows), None if is_last else _key(request, *rows[-1][:2])
    )


def _conditions(request: RowsRequest) -> tuple[list[str], dict[str, str | int]]:
    # Fixed phrases with named parameters; which of them apply is all that a request decides.
    expression = _EXPRESSION[request.sort]
    conditions = [f"{expression} IS NOT NULL"]
    values: dict[str, str | int] = {}
    for name, value, phrase in (
        ("subtype", request.subtype, "subtype = :subtype"),
        ("reviewer", request.reviewer, "json_extract(raw, '$.release_approver') = :reviewer"),
        ("status", request.release_status, "json_extract(raw, '$.release_status') = :status"),
        ("begin", request.begins_with, f"substr({expression}, 1, length(:begin)) = :begin"),
    ):
        if value is not None:
            conditions.append(phrase)
            values[name] = value
    if request.after is not None:
        value, item_id = _place(request)
        conditions.append(f"({expression}, id) {'>' if request.ascending else '<'} (:place, :place_id)")
        values.update(place=value, place_id=item_id)
    return conditions, values


def _key(request: RowsRequest, item_id: str, value: str | int) -> JsonObject:
    partition: JsonObject = {"universal_partition_key": "OK"}
    if request.subtype is not None:
        partition = {"item_subtype": request.subtype}
    elif request.reviewer is not None:
        partition = {"release_approver": request.reviewer}
    return {"id": item_id, **partition, _KEY_NAME[request.sort]: value}


def _place(request: RowsRequest) -> tuple[str | int, str]:
    after = request.after or {}
    value, item_id = after.get(_KEY_NAME[request.sort]), after.get("id")
    if not isinstance(value, str | int) or not isinstance(item_id, str):
        message = f"The provided starting key is invalid: it lacks id or {_KEY_NAME[request.sort]}."
        raise ValueError(message)
    return value, item_id
