"""A deployment in this process: a mint for its Keycloak, and the embedded Provena behind token checks.

Whatever the registry answers carries the name of whom it was answered to, so that nothing of one user
can reach another unnoticed.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import httpx2
import jwt
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette

from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.bearer import identify_by_bearer
from provena_mcp.errors import NotLoggedInError
from provena_mcp.server.http.app import create_http_app
from provena_mcp.settings import Settings
from provena_mcp.wire.items import JsonObject
from tests.oidc.minted import URL as ISSUER
from tests.oidc.minted import Mint
from tests.worlds.sample import error_of
from tests.worlds.sample_store import sample_store
from tests.worlds.settings import settings_with

ADDRESS = "https://mcp.example.org/mcp"
API = "https://provena.example.org"
SECRET = "the-servers-own-secret-not-to-be-shown"
# Two people of the sample world.
PERSONS = {"alice": "sample/1000001", "bob": "sample/1000005"}
NEW_RUN = "Registered by a test"
WRITER = ["entity-registry-read", "entity-registry-write"]


class World:
    """``seen`` lists, for each request the deployment got, user and path; ``hold`` may answer instead."""

    def __init__(self, folder: Path) -> None:
        self.mint = Mint()
        # The SDK looks at the real time too.
        self.mint.now = float(int(time.time()))
        self.seen: list[tuple[str, str]] = []
        self.tokens_seen: set[str] = set()
        self.exchanges: list[dict[str, str]] = []
        self.folder = folder
        self.refuse_exchange: str | None = None
        self.hold: Callable[[httpx.Request], Awaitable[httpx.Response | None]] | None = None
        self.transport = httpx.MockTransport(self._answer)
        self._store = sample_store(folder / "deployment.sqlite3", **PERSONS)
        self._app = create_app(
            self._store, identify_by_bearer(self.mint.issuer()), clock=lambda: self.mint.now
        )
        self._to_provena = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)

    def settings(self, **chosen: Any) -> Settings:
        urls = {f"{name}_api": API + path for name, path in BASE_PATHS.items()}
        login = {"client_id": "provena-mcp", "client_secret": SECRET, "keycloak": ISSUER}
        given = {**urls, **login, "http_url": ADDRESS, "http_audience": "provena-api", **chosen}
        return settings_with(**given)

    def token(self, username: str, **claims: Any) -> str:
        """A caller's token for the MCP server, as their host got it."""
        given = {
            "aud": ADDRESS,
            "sub": f"id-of-{username}",
            "preferred_username": username,
            "azp": "some-host",
        }
        return self.mint.token(**{**given, "realm_access": {"roles": WRITER}, "scope": "openid", **claims})

    @asynccontextmanager
    async def app(self, **chosen: Any) -> AsyncGenerator[Starlette]:
        """The MCP server before this deployment; ``chosen`` are settings."""
        made = create_http_app(
            self.settings(**chosen),
            transport=self.transport,
            to_issuer=self.mint.transport,
            clock=lambda: self.mint.now,
        )
        async with self.provena(), made.router.lifespan_context(made):
            yield made

    def provena(self) -> AbstractAsyncContextManager[object]:
        """The deployment alone, at work."""
        return self._app.router.lifespan_context(self._app)

    def close(self) -> None:
        self._store.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ISSUER):
            return await self._exchange(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        username = (
            jwt.decode(token, options={"verify_signature": False})["preferred_username"] if token else ""
        )
        self.seen.append((username, request.url.path))
        self.tokens_seen.add(token)
        if self.hold is not None and (instead := await self.hold(request)) is not None:
            return instead
        answer = await self._to_provena.handle_async_request(request)
        body = json.loads(await answer.aread())
        return httpx.Response(answer.status_code, json=_named_for(username, body))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.exchanges.append(form)
        if self.refuse_exchange:
            return httpx.Response(400, json={"error": self.refuse_exchange})
        if form["grant_type"] == "client_credentials":
            token = self.mint.token(sub="service", preferred_username="service-account-provena-mcp")
            return httpx.Response(200, json={"access_token": token, "expires_in": 300})
        try:
            claims = await self.mint.issuer().claims_of(form["subject_token"], audience=ADDRESS)
        except NotLoggedInError:
            return httpx.Response(400, json={"error": "invalid_grant"})
        given = {"sub": claims.sub, "preferred_username": claims.preferred_username, "aud": form["audience"]}
        token = self.mint.token(**given, realm_access={"roles": list(claims.roles)}, n=len(self.exchanges))
        return httpx.Response(200, json={"access_token": token, "expires_in": 300, "token_type": "Bearer"})


def _named_for(username: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_named_for(username, each) for each in value]
    if not isinstance(value, dict):
        return value
    # What was just created, and the record of a run, are what was sent, whoever reads them.
    changed = {
        key: each if key == "created_item" else _named_for(username, each) for key, each in value.items()
    }
    if isinstance(value.get("display_name"), str) and "associations" not in value:
        changed["display_name"] = f"{username} sees {value['display_name']}"
    return changed


def web(app: Starlette, token: str | None = None, **headers: str) -> httpx2.AsyncClient:
    """A browser or host at the server's door."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url="https://mcp.example.org", headers=headers)


@asynccontextmanager
async def host_of(app: Starlette, token: str | None, era: str = "auto") -> AsyncGenerator[Client]:
    """An MCP client whose requests carry ``token``."""
    async with (
        web(app, token) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), mode=era) as client,
    ):
        yield client


async def call(host: Client, tool: str, **arguments: object) -> dict:
    result = await host.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def failure(host: Client, tool: str, **arguments: object) -> dict:
    return error_of(await host.call_tool(tool, arguments))


async def some_run(host: Client) -> str:
    found = await call(host, "list_items", subtype="MODEL_RUN", limit=1)
    return found["items"][0]["id"]


async def new_record(host: Client) -> JsonObject:
    """The record of a run in the sample world, named ``NEW_RUN``."""
    full = await call(host, "fetch_items", ids=[await some_run(host)], detail="full")
    return {**full["items"][0]["record"]["record"], "display_name": NEW_RUN}


async def names_of_runs(host: Client) -> list[str]:
    listed = await call(host, "list_items", subtype="MODEL_RUN", limit=5)
    return [run["name"] for run in listed["items"]]
