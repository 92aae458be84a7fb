"""registry-api: general and typed fetch, and the version (provena-http 7.3, 7.4)."""

from __future__ import annotations

import sqlite3
from typing import Final

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from provena_mcp import __version__
from provena_mcp.embedded import items
from provena_mcp.embedded.http import (
    AuthorisedRequest,
    Endpoint,
    access_checks,
    guarded,
    health,
    read_query,
    status_of,
)
from provena_mcp.embedded.identity import User, roles_on
from provena_mcp.embedded.item_json import seeded_item, typed_item
from provena_mcp.embedded.routes import registry_lists, registry_rights, registry_writes
from provena_mcp.rules.records.refusals import (
    BLANK_ID_REASON,
    SEED_REASON,
    unknown_reason,
    wrong_subtype_reason,
)
from provena_mcp.wire.items import JsonObject, RegistryItem
from provena_mcp.wire.subtypes import ROUTE_OF, ItemSubtype

_TYPED: Final = "Successfully retrieved complete item and parsed into current data model."
_SEED: Final = "Successfully retrieved seed item and parsed into current data model."


class _Fetch(BaseModel):
    id: str


class _TypedFetch(_Fetch):
    seed_allowed: bool = False


def routes() -> list[Route]:
    """Everything below registry-api's base URL."""
    return [
        health(),
        *access_checks(),
        guarded("/registry/general/fetch", _fetch, "read"),
        guarded("/registry/general/list", registry_lists.list_any, "read", method="POST"),
        guarded("/registry/general/about/version", _version, "read"),
        *(guarded(f"{prefix}/fetch", _fetching(subtype), "read") for subtype, prefix in ROUTE_OF.items()),
        *(
            guarded(f"{prefix}/list", registry_lists.listing(subtype), "read", method="POST")
            for subtype, prefix in ROUTE_OF.items()
        ),
        *registry_rights.routes(),
        *registry_writes.routes(),
    ]


async def _fetch(call: AuthorisedRequest) -> Response:
    item_id = read_query(call.request, _Fetch).id
    if not item_id:
        # Recorded behaviour: the registry does not handle this case (provena-http B27).
        return PlainTextResponse("Internal Server Error", status_code=500)
    raw = await call.store.reading(items.fetch_raw, item_id)
    if raw is None:
        details = (
            "The id you specified was not available in the registry, error: "
            f"\"Failed to find item. Is the ID ('{item_id}') correct and in the database?\"."
        )
        return JSONResponse({"status": status_of(details, success=False), "item": None})
    item = {**registry_lists.as_stored(raw), "universal_partition_key": "OK"}
    return JSONResponse({"status": status_of("Successfully retrieved item from the registry."), "item": item})


async def _version(call: AuthorisedRequest) -> Response:
    del call
    return JSONResponse(
        {
            "commit_id": None,
            "commit_url": None,
            "tag_name": f"v{__version__}",
            "release_title": f"Embedded Provena of provena-mcp {__version__}",
            "release_url": None,
        }
    )


def _fetching(subtype: ItemSubtype) -> Endpoint:
    async def fetch(call: AuthorisedRequest) -> Response:
        asked = read_query(call.request, _TypedFetch)
        return JSONResponse(
            await call.store.reading(
                fetch_typed, asked.id, subtype, call.user, seed_allowed=asked.seed_allowed
            )
        )

    return fetch


def fetch_typed(
    connection: sqlite3.Connection, item_id: str, subtype: ItemSubtype, user: User, *, seed_allowed: bool
) -> JsonObject:
    """A typed fetch's body: the item, or why it is refused, in a status (provena-http 7.4).

    Raises:
        HTTPException: 400 for a seed of another subtype.
    """
    if not item_id:
        return _refused(BLANK_ID_REASON)
    raw = items.fetch_raw(connection, item_id)
    if raw is None:
        return _refused(unknown_reason(item_id))
    item = RegistryItem.model_validate(raw)
    if item.is_seed and not seed_allowed:
        return _refused(SEED_REASON)
    if item.is_seed and item.item_subtype != subtype:
        raise HTTPException(
            400,
            f"The seed item with id {item_id} did not have the correct category or subtype for the "
            "specified item type.",
        )
    if item.item_subtype != subtype:
        return _refused(wrong_subtype_reason(item, subtype))
    return {
        "status": status_of(_SEED if item.is_seed else _TYPED),
        "item": seeded_item(raw) if item.is_seed else typed_item(raw, subtype),
        "roles": roles_on(item, user),
        "locked": False,
        "item_is_seed": item.is_seed,
    }


def _refused(details: str) -> JsonObject:
    return {
        "status": status_of(details, success=False),
        "item": None,
        "roles": None,
        "locked": None,
        "item_is_seed": None,
    }
