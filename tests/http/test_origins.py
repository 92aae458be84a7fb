"""Pages: which may call, what their browsers are told, and why the others can do no harm."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from provena_mcp.server.http.app import create_http_app
from tests.worlds.hosted import World, web
from tests.worlds.settings import settings_with

CHAT = "https://chat.example.org"
METADATA = "/.well-known/oauth-protected-resource/mcp"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
BOTH = {"Accept": "application/json, text/event-stream"}
ASKED = (
    "authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name, last-event-id"
)
PREFLIGHT = {
    "Origin": CHAT,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": ASKED,
}


def readable(answer: httpx2.Response, origin: str = CHAT) -> bool:
    """Whether a browser lets a page of ``origin`` read it."""
    return answer.headers.get("access-control-allow-origin") in (origin, "*")


@pytest.mark.asyncio
async def test_a_preflight_is_answered_before_anybody_logs_in(world: World):
    async with world.app(http_origins=CHAT) as app, web(app) as http:
        answer = await http.options("/mcp", headers={**PREFLIGHT})
        other = await http.options(
            "/mcp", headers={**PREFLIGHT, "Access-Control-Request-Headers": "mcp-param-limit"}
        )
    assert (answer.status_code, readable(answer)) == (200, True)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == ASKED
    assert other.headers["access-control-allow-headers"] == "mcp-param-limit"


@pytest.mark.asyncio
async def test_a_page_may_be_named_as_its_address_is_copied(world: World):
    async with world.app(http_origins=f"https://other.example.org, {CHAT}/") as app, web(app) as http:
        leave = await http.options("/mcp", headers=PREFLIGHT)
        refused = await http.post("/mcp", json=PING, headers={"Origin": CHAT, **BOTH})
    assert [(each.status_code, readable(each)) for each in (leave, refused)] == [(200, True), (401, True)]


@pytest.mark.asyncio
async def test_a_page_that_may_call_can_read_every_refusal(world: World):
    async with world.app(http_origins=CHAT, http_calls_per_minute=1, http_scopes="provena") as app:
        async with web(app, Origin=CHAT, **BOTH) as http:
            stranger = await http.post("/mcp", json=PING)
        async with web(app, world.token("alice"), Origin=CHAT, **BOTH) as http:
            lacking = await http.post("/mcp", json=PING)
        async with web(app, world.token("alice", scope="provena"), Origin=CHAT, **BOTH) as http:
            answers = [await http.post("/mcp", json=PING) for _ in range(2)]
            wrong = await http.get("/mcp")
        world.mint.reachable = False
        world.mint.now += 10**6
        async with web(app, world.token("alice"), Origin=CHAT, **BOTH) as http:
            waiting = await http.post("/mcp", json=PING)
    refusals = [stranger, lacking, answers[1], wrong, waiting]
    assert [answer.status_code for answer in refusals] == [401, 403, 429, 429, 503]
    assert [readable(answer) for answer in [*answers, *refusals]] == [True] * 7
    assert {answer.headers["access-control-expose-headers"] for answer in refusals} == {
        "WWW-Authenticate, Retry-After, Mcp-Session-Id"
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("origin", [CHAT, "https://elsewhere.example.net", "null", None])
async def test_everybody_may_read_where_to_log_in(world: World, origin: str | None):
    headers = {"Origin": origin} if origin else {}
    async with world.app(http_origins=CHAT) as app, web(app, **headers) as http:
        answers = [await http.get(path) for path in (METADATA, METADATA.removesuffix("/mcp"))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(readable(answer) for answer in answers if origin)
    assert answers[0].json() == answers[1].json()


@pytest.mark.asyncio
async def test_a_page_that_is_not_named_gets_neither_leave_nor_answer(world: World):
    elsewhere = {"Origin": "https://elsewhere.example.net"}
    async with world.app(http_origins=CHAT) as app, web(app, world.token("alice"), **BOTH) as http:
        preflight = await http.options("/mcp", headers={**PREFLIGHT, **elsewhere})
        call = await http.post("/mcp", json=PING, headers=elsewhere)
    assert [answer.status_code for answer in (preflight, call)] == [403, 403]
    assert not any("access-control-allow-origin" in answer.headers for answer in (preflight, call))


def local(folder: Path, host: str = "127.0.0.1") -> Starlette:
    settings = settings_with(store=folder / "store.sqlite3")
    return create_http_app(settings, sample=True, host=host, port=8000)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8000",
        "http://localhost:3000",
        "http://[::1]:5173",
        "https://localhost",
        "http://127.0.0.1",
    ],
)
async def test_programs_of_this_machine_may_name_it_as_their_origin(tmp_path: Path, origin: str):
    app = local(tmp_path)
    headers = {"Host": "127.0.0.1:8000", "Origin": origin, **BOTH}
    async with app.router.lifespan_context(app), web(app, **headers) as http:
        answer = await http.post("/mcp", json=PING)
    assert answer.status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "headers", "content", "status"),
    [
        # What browsers add to what a page sends across origins.
        ("http://localhost:3000", {"Sec-Fetch-Site": "cross-site"}, "application/json", 403),
        ("http://127.0.0.1:3000", {"Sec-Fetch-Site": "same-site"}, "application/json", 403),
        # What an old browser lets a page send without asking.
        ("http://localhost:3000", {}, "text/plain", 400),
        ("http://localhost:3000", {}, "application/x-www-form-urlencoded", 400),
        # Names that only look like this machine's.
        ("http://localhost.example.net", {}, "application/json", 403),
        ("http://127.0.0.1.example.net:80", {}, "application/json", 403),
        ("file://localhost", {}, "application/json", 403),
        ("null", {}, "application/json", 403),
    ],
)
async def test_a_page_of_this_machine_cannot_forge_a_call(
    tmp_path: Path, origin: str, headers: dict[str, str], content: str, status: int
):
    app = local(tmp_path)
    given = {"Host": "127.0.0.1:8000", "Origin": origin, "Content-Type": content, **headers, **BOTH}
    async with app.router.lifespan_context(app), web(app, **given) as http:
        answer = await http.post("/mcp", content=b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}')
        leave = await http.options("/mcp", headers={**PREFLIGHT, "Origin": origin})
    assert answer.status_code == status
    assert not any("access-control-allow-origin" in each.headers for each in (answer, leave))


@pytest.mark.asyncio
async def test_a_server_that_others_reach_takes_no_origin_for_local(world: World):
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        assert (
            await http.post("/mcp", json=PING, headers={"Origin": "http://localhost:3000"})
        ).status_code == 200
    settings = world.settings()
    app = create_http_app(settings, host="0.0.0.0", transport=world.transport, to_issuer=world.mint.transport)
    async with app.router.lifespan_context(app), web(app, world.token("alice"), **BOTH) as http:
        answer = await http.post("/mcp", json=PING, headers={"Origin": "http://localhost:3000"})
    assert answer.status_code == 403
