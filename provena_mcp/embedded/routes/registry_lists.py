"""registry-api: general and typed lists (provena-http 7.5)."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from provena_mcp.embedded.http import AuthorisedRequest, Endpoint, UnprocessableError, read_body, status_of
from provena_mcp.embedded.item_json import seeded_item, typed_item
from provena_mcp.embedded.items import without_nulls
from provena_mcp.embedded.lists import RowPage, RowsRequest, SortColumn, read_page
from provena_mcp.rules.schema_wording import SchemaProblem
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import (
    ListFilter,
    ListPage,
    ListRequest,
    ListSort,
    RecordTypeFilter,
    SortType,
    SubtypeFilter,
    SubtypeListRequest,
)
from provena_mcp.wire.subtypes import ItemSubtype

_COLUMN: Final[dict[SortType, SortColumn]] = {
    "CREATED_TIME": "created",
    "UPDATED_TIME": "updated",
    "DISPLAY_NAME": "display_name",
    "RELEASE_TIMESTAMP": "release_timestamp",
    "ACCESS_INFO_URI_BEGINS_WITH": "access_info_uri",
}


async def list_any(call: AuthorisedRequest) -> Response:
    """The general list: raw items of any subtype."""
    asked = await read_body(call.request, ListRequest)
    kept = asked.filter_by or ListFilter()
    if kept.item_subtype is not None and kept.release_status is not None:
        raise _contradiction("filter_by", "Cannot filter by item subtype and release status together.")
    page = await _page(call, asked, kept)
    listed = [as_stored(raw) for raw in page.items if _is_wanted(raw, kept.record_type)]
    return JSONResponse(
        {
            "status": status_of("Searched database and returned items matching query."),
            "items": listed,
            "total_item_count": len(listed),
            "pagination_key": page.next,
        }
    )


def listing(subtype: ItemSubtype) -> Endpoint:
    """The typed list of one subtype."""

    async def list_typed(call: AuthorisedRequest) -> Response:
        asked = await read_body(call.request, SubtypeListRequest)
        record_type = (asked.filter_by or SubtypeFilter()).record_type
        page = await _page(call, asked, ListFilter(item_subtype=subtype))
        wanted = [raw for raw in page.items if _is_wanted(raw, record_type)]
        seeds: list[JsonValue] = [seeded_item(raw) for raw in wanted if _is_seed(raw)]
        complete: list[JsonValue] = [typed_item(raw, subtype) for raw in wanted if not _is_seed(raw)]
        return JSONResponse(_typed_answer(complete, seeds, page))

    return list_typed


def as_stored(raw: JsonObject) -> JsonObject:
    """An item as the registry's table holds it: no nulls, and no trace of where it was fetched before."""
    return {
        key: without_nulls(value)
        for key, value in raw.items()
        if value is not None and key != "universal_partition_key"
    }


def _typed_answer(complete: list[JsonValue], seeds: list[JsonValue], page: RowPage) -> JsonObject:
    return {
        "status": status_of("Successfully listed items."),
        "items": complete,
        "seed_items": seeds,
        "unparsable_items": [],
        "total_item_count": len(complete) + len(seeds),
        "complete_item_count": len(complete),
        "seed_item_count": len(seeds),
        "unparsable_item_count": 0,
        "not_authorised_count": 0,
        "pagination_key": page.next,
    }


async def _page(call: AuthorisedRequest, asked: ListPage, kept: ListFilter) -> RowPage:
    sort = asked.sort_by or ListSort()
    _check_begin(sort)
    _check_pair(sort, kept)
    if asked.page_size < 1:
        raise _no_query(f"page_size must be at least 1, not {asked.page_size}")
    request = RowsRequest(
        sort=_COLUMN[sort.sort_type or "UPDATED_TIME"],
        ascending=sort.ascending,
        subtype=kept.item_subtype,
        reviewer=kept.release_reviewer,
        release_status=kept.release_status,
        begins_with=sort.begins_with,
        after=asked.pagination_key,
        size=asked.page_size,
    )
    try:
        return await call.store.reading(read_page, request)
    except ValueError as error:
        raise _no_query(str(error)) from error


def _check_begin(sort: ListSort) -> None:
    begins = sort.sort_type == "ACCESS_INFO_URI_BEGINS_WITH"
    if begins and sort.begins_with is None:
        raise _contradiction("sort_by", "This sort type requires begins_with.")
    if not begins and sort.begins_with is not None:
        raise _contradiction("sort_by", "begins_with is only for sort type ACCESS_INFO_URI_BEGINS_WITH.")


def _check_pair(sort: ListSort, kept: ListFilter) -> None:
    # The registry has an index for these pairs of filter and sort only.
    if kept.release_reviewer is not None:
        allowed = sort.sort_type in (None, "RELEASE_TIMESTAMP")
    elif sort.sort_type == "ACCESS_INFO_URI_BEGINS_WITH":
        allowed = kept.item_subtype is not None
    else:
        allowed = sort.sort_type != "RELEASE_TIMESTAMP"
    if not allowed:
        raise _no_query(f"no index for sort type {sort.sort_type} with this filter")


def _no_query(reason: str) -> HTTPException:
    return HTTPException(400, f"Failed to generate query parameters. Error: {reason}.")


def _contradiction(part: str, message: str) -> UnprocessableError:
    return UnprocessableError([SchemaProblem(("body", part, "__root__"), message, "value_error")])


def _is_seed(raw: JsonObject) -> bool:
    return raw.get("record_type") == "SEED_ITEM"


def _is_wanted(raw: JsonObject, record_type: RecordTypeFilter) -> bool:
    return record_type == "ALL" or _is_seed(raw) == (record_type == "SEED_ONLY")
