"""The addresses at which the server describes itself to anybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from provena_mcp.server.http.front.card import (
    CARD_TYPE,
    CATALOGUE_TYPE,
    catalogue,
    server_card,
)
from provena_mcp.server.http.front.llms_text import llms_text
from provena_mcp.server.http.front.self_description import SelfDescription
from provena_mcp.server.http.paths import CARD_PATH, CATALOGUE_PATH

Answer = Callable[[Request], Awaitable[Response]]

_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_NOTHING_INSIDE: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
# Clients in browsers look for these before they know the server; there is nothing in them to protect.
_FOR_CLIENTS: Final = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
_FOR_PEOPLE: Final = {"Cache-Control": "no-cache"}


def front_routes(server: SelfDescription) -> tuple[Route, ...]:
    """The page, the text, the card and the catalogue of ``server``."""
    card, listed = to_json(server_card(server)), to_json(catalogue(server))
    return (
        Route("/", _page(server)),
        Route("/llms.txt", _constant(llms_text(server).encode(), "text/plain", _FOR_PEOPLE)),
        Route(CARD_PATH, _constant(card, CARD_TYPE, _FOR_CLIENTS)),
        Route(CATALOGUE_PATH, _constant(listed, CATALOGUE_TYPE, _FOR_CLIENTS)),
    )


def _page(server: SelfDescription) -> Answer:
    async def answer(request: Request) -> Response:
        # What knows all assistants is loaded for the first who looks.
        from provena_mcp.server.http.front.page import front_page

        page = front_page(server)
        headers = {**_FOR_PEOPLE, "Content-Security-Policy": page.policy}
        return _tagged(request, page.html.encode(), "text/html", headers)

    return answer


def _constant(content: bytes, media_type: str, headers: Mapping[str, str]) -> Answer:
    async def answer(request: Request) -> Response:
        return _tagged(request, content, media_type, {**_NOTHING_INSIDE, **headers})

    return answer


def _tagged(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """The content, or 304 for who has it already."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    sent = {**_SAFE, **headers, "ETag": tag}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=sent)
    return Response(content, media_type=media_type, headers=sent)
