"""Scopes: what a host has to ask its user for, said where OAuth clients look."""

from __future__ import annotations

import re

import httpx2
import pytest
from mcp import Client
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from provena_mcp.server.build import build_server
from provena_mcp.server.http.auth import CallerTokens
from provena_mcp.server.http.host import prepare_hosting
from tests.worlds.hosted import ADDRESS, World, call, failure, host_of, web

ROOT_METADATA = "https://mcp.example.org/.well-known/oauth-protected-resource"
METADATA = f"{ROOT_METADATA}/mcp"
BOTH = {"Accept": "application/json, text/event-stream"}
SCOPES = {"http_scopes": "provena:read", "http_write_scope": "provena:write"}
READER = "openid provena:read"
WRITER = "openid provena:read provena:write"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def called(tool: str, **arguments: object) -> dict[str, object]:
    return {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }


def challenge(answer: httpx2.Response) -> dict[str, str]:
    scheme, _, rest = answer.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    return dict(re.findall(r'(\w+)="([^"]*)"', rest))


@pytest.mark.asyncio
@pytest.mark.parametrize("url", [METADATA, ROOT_METADATA])
async def test_every_scope_that_can_be_asked_for_is_advertised_at_both_well_known_paths(
    world: World, url: str
):
    async with world.app(**SCOPES) as app, web(app) as http:
        metadata = (await http.get(url)).json()
    assert metadata["scopes_supported"] == ["provena:read", "provena:write"]
    assert metadata["resource"] == ADDRESS


@pytest.mark.asyncio
async def test_a_server_that_only_reads_advertises_no_scope_to_write(world: World):
    async with world.app(**SCOPES, read_only=True) as app, web(app) as http:
        metadata = (await http.get(METADATA)).json()
    assert metadata["scopes_supported"] == ["provena:read"]


@pytest.mark.asyncio
async def test_whoever_has_no_token_is_told_what_to_ask_for_and_blamed_for_nothing(world: World):
    async with world.app(**SCOPES) as app, web(app) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 401
    assert challenge(answer) == {"scope": "provena:read", "resource_metadata": METADATA}


@pytest.mark.asyncio
async def test_a_token_that_is_no_good_is_called_so(world: World):
    async with world.app(**SCOPES) as app, web(app, world.mint.forged(), **BOTH) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 401
    assert challenge(answer)["error"] == "invalid_token"
    assert challenge(answer)["scope"] == "provena:read"


@pytest.mark.asyncio
async def test_a_token_without_the_scope_to_call_is_told_which_it_lacks(world: World):
    async with world.app(**SCOPES) as app, web(app, world.token("alice"), **BOTH) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 403
    assert (challenge(answer)["error"], challenge(answer)["scope"]) == ("insufficient_scope", "provena:read")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [None, "2025-11-25", "2026-07-28"])
async def test_a_call_that_writes_asks_a_reader_to_step_up(world: World, version: str | None):
    headers = {**BOTH, **({"MCP-Protocol-Version": version} if version else {})}
    async with world.app(**SCOPES) as app, web(app, world.token("alice", scope=READER), **headers) as http:
        answer = await http.post("/mcp", json=called("register_model_run", record={}))
    assert answer.status_code == 403
    assert challenge(answer) == {
        "error": "insufficient_scope",
        "error_description": "This login lacks the scope 'provena:write', which register_model_run needs.",
        "scope": "provena:read provena:write",
        "resource_metadata": METADATA,
    }
    assert world.seen == []


@pytest.mark.asyncio
async def test_a_reader_reads_and_a_writer_writes(world: World):
    async with world.app(**SCOPES) as app:
        async with host_of(app, world.token("alice", scope=READER)) as host:
            assert (await call(host, "list_items", limit=1))["items"]
        async with host_of(app, world.token("alice", scope=WRITER)) as host:
            assert (await call(host, "register_model_run", record={}))["status"] == "preview"


@pytest.mark.asyncio
async def test_a_call_that_the_door_cannot_read_is_still_refused_where_it_would_run(world: World):
    """The scope is looked at again behind the protocol's own parser, whatever that makes of a message."""
    settings = world.settings(**SCOPES)
    hosting = prepare_hosting(
        settings, sample=False, host="127.0.0.1", port=1, to_issuer=world.mint.transport
    )
    token = await CallerTokens(world.mint.issuer(), ADDRESS).verify_token(world.token("alice", scope=READER))
    assert token is not None
    known = auth_context_var.set(AuthenticatedUser(token))
    try:
        async with Client(build_server(settings, hosting=hosting, transport=world.transport)) as host:
            error = await failure(host, "register_model_run", record={})
    finally:
        auth_context_var.reset(known)
    assert error["message"] == "This login lacks the scope 'provena:write', which register_model_run needs."
    assert world.seen == []
