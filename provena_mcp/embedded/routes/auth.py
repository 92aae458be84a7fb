"""auth-api: who a username is in the registry, and whether a token is valid (contract 7.8)."""

from __future__ import annotations

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import items
from provena_mcp.embedded.requests import read_query
from provena_mcp.embedded.services import Call, echo_user, guarded, health


class _Lookup(BaseModel):
    username: str | None = None


def routes() -> list[Route]:
    """Everything below auth-api's base URL."""
    return [
        health(),
        guarded("/check-access/general", echo_user, "token"),
        guarded("/link/user/lookup", _look_up, "token"),
    ]


async def _look_up(call: Call) -> Response:
    username = read_query(call.request, _Lookup).username or call.user.username
    person_id = await call.store.reading(lambda connection: items.linked_person(connection, username))
    return JSONResponse({"person_id": person_id, "success": person_id is not None})
