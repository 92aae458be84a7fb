"""registry-api: who may do what with an item, and its locks (provena-http 7.2). Nothing is locked here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import items
from provena_mcp.embedded.http import AuthorisedRequest, Endpoint, guarded, read_query, status_of
from provena_mcp.embedded.identity import general_roles, roles_on
from provena_mcp.rules.records.refusals import unknown_reason, wrong_subtype_reason
from provena_mcp.wire.items import JsonObject, RegistryItem
from provena_mcp.wire.subtypes import ROUTE_OF, ItemSubtype

_NO_LOCKS: Final = "Successfully retrieved lock history."
_ROLES: Final[tuple[JsonObject, ...]] = (
    {
        "role_display_name": "Metadata Read",
        "role_name": "metadata-read",
        "description": "View the metadata of this item.",
        "also_grants": [],
    },
    {
        "role_display_name": "Metadata Write",
        "role_name": "metadata-write",
        "description": "Change the metadata of this item.",
        "also_grants": ["metadata-read"],
    },
    {
        "role_display_name": "Admin",
        "role_name": "admin",
        "description": "Change who may do what with this item.",
        "also_grants": ["metadata-read", "metadata-write", "dataset-data-read", "dataset-data-write"],
    },
)
_DATA_ROLES: Final[tuple[JsonObject, ...]] = (
    {
        "role_display_name": "Dataset Data Read",
        "role_name": "dataset-data-read",
        "description": "Download the files of this dataset.",
        "also_grants": ["metadata-read"],
    },
    {
        "role_display_name": "Dataset Data Write",
        "role_name": "dataset-data-write",
        "description": "Upload files to this dataset.",
        "also_grants": ["metadata-read", "metadata-write", "dataset-data-read"],
    },
)


class _Item(BaseModel):
    id: str


def routes() -> list[Route]:
    """The routes about rights and locks, of every subtype."""
    return [route for subtype in ROUTE_OF for route in _routes_of(subtype)]


def item_of(connection: sqlite3.Connection, item_id: str, subtype: ItemSubtype) -> JsonObject:
    """An item of a subtype, seed or complete.

    Raises:
        HTTPException: 400, there is none.
    """
    raw = items.fetch_raw(connection, item_id)
    if raw is None:
        raise HTTPException(400, unknown_reason(item_id))
    item = RegistryItem.model_validate(raw)
    if item.item_subtype != subtype:
        raise HTTPException(400, wrong_subtype_reason(item, subtype))
    return raw


def _routes_of(subtype: ItemSubtype) -> Iterator[Route]:
    prefix = ROUTE_OF[subtype]

    async def list_roles(call: AuthorisedRequest) -> Response:
        del call
        return JSONResponse({"roles": [*_ROLES, *(_DATA_ROLES if subtype == "DATASET" else ())]})

    def evaluated(call: AuthorisedRequest, item: RegistryItem) -> JsonObject:
        return {"roles": roles_on(item, call.user)}

    def configured(call: AuthorisedRequest, item: RegistryItem) -> JsonObject:
        del call
        return {"owner": item.owner_username, "general": general_roles(item), "groups": {}}

    def unlocked(call: AuthorisedRequest, item: RegistryItem) -> JsonObject:
        del call, item
        return {"locked": False}

    def never_locked(call: AuthorisedRequest, item: RegistryItem) -> JsonObject:
        del call, item
        return {"status": status_of(_NO_LOCKS), "history": []}

    yield guarded(f"{prefix}/auth/roles", list_roles, "read")
    for path, answer in (
        ("/auth/evaluate", evaluated),
        ("/auth/configuration", configured),
        ("/locks/locked", unlocked),
        ("/locks/history", never_locked),
    ):
        yield guarded(f"{prefix}{path}", _about_item(subtype, answer), "read")


def _about_item(
    subtype: ItemSubtype, answer: Callable[[AuthorisedRequest, RegistryItem], JsonObject]
) -> Endpoint:
    async def about(call: AuthorisedRequest) -> Response:
        item_id = read_query(call.request, _Item).id
        raw = await call.store.reading(item_of, item_id, subtype)
        return JSONResponse(answer(call, RegistryItem.model_validate(raw)))

    return about
