"""auth-api: who a username is in the registry, who one is, whether a token is valid (provena-http 7.8)."""

from __future__ import annotations

import sqlite3

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import items
from provena_mcp.embedded.http import AuthorisedRequest, echo_user, guarded, health, read_body, read_query
from provena_mcp.embedded.standing import LOCAL_PERSON_ID
from provena_mcp.rules.records.schema import Text
from provena_mcp.wire.items import PersonItem, parse_item


class _Lookup(BaseModel):
    username: str | None = None


class _Assignment(BaseModel):
    person_id: Text


def routes() -> list[Route]:
    """Everything below auth-api's base URL."""
    return [
        health(),
        guarded("/check-access/general", echo_user, "token"),
        guarded("/link/user/lookup", _look_up, "token"),
        guarded("/link/user/assign", _assign, "token", method="POST"),
    ]


async def _look_up(call: AuthorisedRequest) -> Response:
    username = read_query(call.request, _Lookup).username or call.user.username
    person_id = await call.store.reading(items.linked_person, username)
    return JSONResponse({"person_id": person_id, "success": person_id is not None})


async def _assign(call: AuthorisedRequest) -> Response:
    person_id = (await read_body(call.request, _Assignment)).person_id
    username = call.user.username

    def assign(connection: sqlite3.Connection) -> None:
        raw = items.fetch_raw(connection, person_id)
        if raw is None or not isinstance(parse_item(raw), PersonItem):
            raise HTTPException(400, f"There is no Person {person_id} in the registry.")
        if items.linked_person(connection, username) not in (None, LOCAL_PERSON_ID, person_id):
            raise HTTPException(400, f"The user {username} is linked to another Person already.")
        items.link_users(connection, {username: person_id})

    await call.store.writing(assign)
    return JSONResponse({})
