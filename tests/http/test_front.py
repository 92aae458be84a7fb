"""What the server says of itself to anybody: a page, a text, a card; and nothing of what Provena holds."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from provena_mcp import __version__
from provena_mcp.server.http.app import create_http_app
from tests.oidc.minted import URL as ISSUER
from tests.worlds.hosted import ADDRESS, SECRET, World, host_of, web
from tests.worlds.settings import settings_with

BASE = "https://mcp.example.org"
CARD, CATALOGUE = "/mcp/server-card", "/.well-known/ai-catalog.json"
ALL = ("/", "/llms.txt", CARD, CATALOGUE)


@asynccontextmanager
async def stranger(world: World, **chosen: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    async with world.app(**chosen) as app, web(app) as browser:
        yield browser
    world.close()


@pytest.mark.asyncio
async def test_the_page_says_where_to_connect_log_in_and_what_is_on(tmp_path: Path):
    world = World(tmp_path)
    async with stranger(world, toolsets="lineage,runs", read_only=True) as browser:
        answer = await browser.get("/")
    page = unescape(answer.text)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for said in (ADDRESS, ISSUER, __version__, "6 tools are on", "explore_upstream", "claude mcp add-json"):
        assert said in page
    assert "register_model_run" not in page
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (
        "no-cache",
        "nosniff",
    )


@pytest.mark.asyncio
async def test_strangers_are_told_nothing_that_provena_holds_and_no_secret(tmp_path: Path):
    world = World(tmp_path)
    async with stranger(world) as browser:
        told = "".join([(await browser.get(path)).text for path in ALL])
        refused = (await browser.post("/mcp", json={})).status_code
    assert (world.seen, world.exchanges, refused) == ([], [], 401)
    assert not any(each in told for each in (SECRET, "sample/1000", "sea surface", str(tmp_path)))


@pytest.mark.asyncio
async def test_the_card_is_for_clients_of_any_origin_and_says_what_the_server_says(tmp_path: Path):
    world = World(tmp_path)
    async with world.app() as app, web(app, Origin="https://elsewhere.example") as browser:
        answer, listed = await browser.get(CARD), await browser.get(CATALOGUE)
        async with host_of(app, world.token("alice")) as host:
            info = host.server_info
    world.close()
    assert info is not None
    card = answer.json()
    assert answer.headers["Content-Type"] == "application/mcp-server-card+json"
    assert {"$schema", "name", "version", "description"} <= set(card)
    assert card["name"] == "org.example.mcp/provena"
    assert (card["title"], card["version"], card["websiteUrl"]) == (
        info.title,
        info.version,
        str(info.website_url),
    )
    assert 1 <= len(card["description"]) <= 100
    (remote,) = card["remotes"]
    assert (remote["type"], remote["url"]) == ("streamable-http", ADDRESS)
    assert {"2025-11-25", "2026-07-28"} <= set(remote["supportedProtocolVersions"])
    assert listed.headers["Content-Type"] == "application/ai-catalog+json"
    assert listed.json() == {
        "specVersion": "1.0",
        "entries": [
            {
                "identifier": "urn:air:mcp.example.org:mcp:provena",
                "displayName": "Provena",
                "type": "application/mcp-server-card+json",
                "url": f"{BASE}{CARD}",
            }
        ],
    }
    for each in (answer, listed):
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert each.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ALL)
async def test_who_has_it_already_is_told_so(tmp_path: Path, path: str):
    async with stranger(World(tmp_path)) as browser:
        first = await browser.get(path)
        again = await browser.get(path, headers={"If-None-Match": f'"other", W/{first.headers["ETag"]}'})
        changed = await browser.get(path, headers={"If-None-Match": '"other"'})
        head = await browser.head(path)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (changed.status_code, changed.content) == (200, first.content)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.asyncio
async def test_models_are_told_in_words(tmp_path: Path):
    async with stranger(World(tmp_path)) as browser:
        answer = await browser.get("/llms.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("# Provena, over MCP\n\n> How research results came about")
    assert f"at {ADDRESS}. Its answers come" in answer.text
    assert f"Log in at {ISSUER}" in answer.text
    assert "- explore_upstream: What led to this (reads)\n" in answer.text


@pytest.mark.asyncio
async def test_under_another_name_there_is_no_page(tmp_path: Path):
    async with stranger(World(tmp_path)) as browser:
        answers = [await browser.get(path, headers={"Host": "evil.example"}) for path in ALL]
    assert {answer.status_code for answer in answers} == {421}


@pytest.mark.asyncio
async def test_on_this_machine_it_asks_for_no_login_and_shows_no_path_of_it(tmp_path: Path):
    app = create_http_app(settings_with(store=tmp_path / "store.sqlite3"), port=8123)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8123") as browser:
        page, card = (await browser.get("/")).text, json.loads((await browser.get(CARD)).text)
    assert "none: it answers this machine only" in page
    assert "the Provena built into this server" in page
    assert str(tmp_path) not in page
    assert card["name"] == "127.0.0.1/provena"
