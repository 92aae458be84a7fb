"""Who is let in over HTTP, and what the others are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from provena_mcp.errors import SettingsError
from provena_mcp.server.build import build_server
from provena_mcp.server.http.app import MAX_BODY_BYTES, create_http_app
from provena_mcp.settings import Settings
from tests.oidc.minted import URL as ISSUER
from tests.worlds.hosted import ADDRESS, SECRET, World, host_of, web
from tests.worlds.settings import settings_with

METADATA = "https://mcp.example.org/.well-known/oauth-protected-resource/mcp"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
BOTH = {"Accept": "application/json, text/event-stream"}

both_eras = pytest.mark.parametrize("era", ["auto", "legacy"])


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_stranger_is_told_where_to_log_in(world: World, method: str):
    async with world.app() as app, web(app) as http:
        answer = await http.request(method, "/mcp", json=PING)
        metadata = await http.get(METADATA)
    assert answer.status_code == 401
    # No error: they have not tried yet (RFC 6750, 3.1).
    assert answer.headers["www-authenticate"] == f'Bearer resource_metadata="{METADATA}"'
    assert metadata.json() == {
        "resource": ADDRESS,
        "authorization_servers": [ISSUER],
        "scopes_supported": [],
        "bearer_methods_supported": ["header"],
        "resource_name": "Provena",
        "resource_documentation": "https://docs.provena.io/",
    }


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "provena-api"},
        {"aud": "https://mcp.example.org"},
        {"aud": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iss": "https://auth.example.org/auth/realms/other"},
        {"sub": None},
        {"sub": " "},
        {"key": b"x" * 32, "headers": {"alg": "HS256"}},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"headers": {"typ": "logout+jwt"}},
        {"cnf": {"jkt": "of-another-key"}},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**500},
    ],
    ids=str,
)
async def test_a_token_of_another_kind_opens_nothing(world: World, claims: dict[str, object]):
    async with world.app() as app, web(app, world.token("alice", **claims), **BOTH) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 401
    assert world.seen == []


@pytest.mark.asyncio
async def test_a_forged_token_opens_nothing(world: World):
    async with world.app() as app, web(app, world.mint.forged(), **BOTH) as http:
        assert (await http.post("/mcp", json=PING)).status_code == 401


@pytest.mark.asyncio
async def test_rotated_keys_are_followed_and_retired_ones_forgotten(world: World):
    before = world.token("alice")
    async with world.app() as app:
        async with web(app, before, **BOTH) as http:
            assert (await http.post("/mcp", json=PING)).status_code != 401
        world.mint.rotate(retire=True)
        world.mint.now += 10
        async with web(app, world.token("alice"), **BOTH) as http:
            assert (await http.post("/mcp", json=PING)).status_code != 401
        async with web(app, before, **BOTH) as http:
            assert (await http.post("/mcp", json=PING)).status_code == 401


@pytest.mark.asyncio
async def test_while_the_keys_cannot_be_had_nobody_is_sent_away_to_log_in(world: World):
    world.mint.reachable = False
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        answer = await http.post("/mcp", json=PING)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": f"The keys of the issuer {ISSUER} cannot be read (ConnectError).",
    }


@pytest.mark.asyncio
async def test_a_scope_that_is_missing_is_named(world: World):
    async with world.app(http_scopes="provena") as app, web(app, world.token("alice"), **BOTH) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.asyncio
@pytest.mark.parametrize("token", [None, "alice"])
async def test_a_wrong_host_or_origin_is_turned_away_before_anything_else(world: World, token: str | None):
    async with world.app() as app, web(app, token and world.token(token), **BOTH) as http:
        host = await http.post("/mcp", json=PING, headers={"Host": "evil.example.net"})
        origin = await http.post("/mcp", json=PING, headers={"Origin": "https://evil.example.net"})
        metadata = await http.get(METADATA, headers={"Host": "evil.example.net"})
    assert [host.status_code, origin.status_code, metadata.status_code] == [421, 403, 421]


@pytest.mark.asyncio
async def test_an_origin_that_the_operator_names_may_call(world: World):
    origin = "https://chat.example.org"
    async with (
        world.app(http_origins=origin) as app,
        web(app, world.token("alice"), Origin=origin, **BOTH) as http,
    ):
        assert (await http.post("/mcp", json=PING)).status_code not in (401, 403)


@pytest.mark.asyncio
async def test_a_body_beyond_the_limit_is_refused_unread(world: World):
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        answer = await http.post("/mcp", content=b" " * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_there_are_no_sessions_to_listen_to_or_end(world: World, method: str):
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        answer = await http.request(method, "/mcp")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.asyncio
@both_eras
async def test_listing_tools_asks_provena_for_nothing(world: World, era: str):
    async with world.app() as app, host_of(app, world.token("alice"), era) as host:
        listed = await host.list_tools()
    names = [tool.name for tool in listed.tools]
    assert "explore_upstream" in names
    assert "convert_model_runs_to_csv_with_file" not in names
    assert not any("save_as" in tool.input_schema["properties"] for tool in listed.tools)
    assert (world.seen, world.exchanges) == ([], [])


@pytest.mark.asyncio
@both_eras
async def test_listing_tools_on_this_machine_needs_neither_network_nor_login(tmp_path: Path, era: str):
    nowhere = settings_with(domain="nowhere.invalid", realm="none", store=tmp_path / "s.sqlite3")
    async with Client(build_server(nowhere), mode=era) as client:
        assert "explore_upstream" in [tool.name for tool in (await client.list_tools()).tools]


@pytest.mark.asyncio
async def test_health_and_readiness_answer_anybody_under_any_name(world: World):
    async with world.app() as app, web(app, Host="10.0.0.7:8000") as http:
        health, ready = await http.get("/health"), await http.get("/ready")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert world.seen == []


def refused(settings: Settings, host: str = "127.0.0.1", **chosen: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        create_http_app(settings, host=host, **chosen)
    assert SECRET not in f"{caught.value.message}{caught.value.advice}"
    return caught.value.message


@pytest.mark.parametrize("name", ["access_token", "offline_token"])
def test_a_personal_token_is_never_shared_with_callers(world: World, name: str):
    message = refused(world.settings(**{name: "somebodys"}))
    assert message == "A personal token is set, and over HTTP every caller would act with it."


def test_a_server_without_a_client_of_its_own_is_refused(world: World):
    message = refused(world.settings(client_secret=None))
    assert message == "Serving a deployment over HTTP needs a Keycloak client of this server's own."


def test_a_deployment_whose_keycloak_is_unknown_is_not_served(world: World):
    assert "needs its Keycloak" in refused(world.settings(keycloak=None))


def test_a_service_login_may_only_read(world: World):
    assert "write in the name of this server" in refused(world.settings(http_login="service"))


@pytest.mark.parametrize(
    "url",
    [
        "http://mcp.example.org/mcp",
        "https://mcp.example.org",
        "https://mcp.example.org/mcp?x=1",
        "https://u@mcp.example.org/mcp",
        "nonsense",
    ],
)
def test_an_address_that_tokens_cannot_name_is_refused(world: World, url: str):
    assert refused(world.settings(http_url=url)).startswith("PROVENA_HTTP_URL has to be")


def test_without_an_address_only_this_machine_is_served(world: World):
    assert "needs the address" in refused(world.settings(http_url=None), host="0.0.0.0")


@pytest.mark.parametrize("sample", [False, True])
def test_the_embedded_provena_is_served_on_this_machine_only(tmp_path: Path, sample: bool):
    settings = settings_with(store=tmp_path / "s.sqlite3", http_url=ADDRESS)
    assert "asks nobody who they are" in refused(settings, host="192.0.2.1", sample=sample)


@pytest.mark.parametrize("key", ["short", "a" * 32 + "," + "b" * 31, ",", "k" * 32 + "," + "k" * 32])
def test_a_weak_sealing_key_is_refused(world: World, key: str):
    assert refused(world.settings(http_key=key)).startswith("PROVENA_HTTP_KEY has to be")


def test_a_shared_store_without_a_shared_key_is_refused(world: World, tmp_path: Path):
    assert "need one key" in refused(world.settings(http_store=tmp_path / "shared.sqlite3"))
