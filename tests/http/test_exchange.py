"""The caller's token is exchanged for one of Provena, never passed on."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.http.messages import BOTH, cancelling, listing, outcome
from tests.worlds.hosted import ISSUER, SECRET, World, host_of, web
from tests.worlds.sample import error_of

NO_TOKEN = "Keycloak gives this server no token for Provena in your name (access_denied)."


async def names_seen(host) -> list[str]:
    result = await host.call_tool("list_items", {"limit": 1})
    assert not result.is_error, result.content
    return [item["name"] for item in result.structured_content["items"]]


async def refusal(host) -> dict:
    return error_of(await host.call_tool("list_items", {"limit": 1}))


@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_provena_sees_the_caller_and_never_their_token(world: World, era: str):
    token = world.token("alice")
    async with world.app() as app, host_of(app, token, era) as host:
        (name,) = await names_seen(host)
    assert name.startswith("alice sees ")
    assert {user for user, _ in world.seen} == {"alice"}
    assert token not in world.tokens_seen
    assert world.exchanges == [
        {
            "client_id": "provena-mcp",
            "client_secret": SECRET,
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "audience": "provena-api",
        }
    ]


@pytest.mark.asyncio
async def test_calls_at_once_share_one_exchange_and_later_ones_its_token(world: World):
    async with world.app() as app, host_of(app, world.token("alice")) as host:
        await asyncio.gather(*(names_seen(host) for _ in range(8)))
        await names_seen(host)
    assert len(world.exchanges) == 1


@pytest.mark.asyncio
async def test_a_call_that_is_cancelled_does_not_end_the_exchange_that_others_wait_for(world: World):
    begun, let_go, to_world = asyncio.Semaphore(0), asyncio.Event(), world.transport

    async def held(request: httpx.Request) -> httpx.Response:
        if str(request.url).startswith(ISSUER):
            begun.release()
            await let_go.wait()
        return await to_world.handle_async_request(request)

    world.transport = httpx.MockTransport(held)
    async with world.app() as app, web(app, world.token("alice"), **BOTH) as http:
        first, second = (asyncio.create_task(http.post("/mcp", json=listing(number))) for number in (5, 6))
        await begun.acquire()
        await http.post("/mcp", json=cancelling(5))
        assert outcome(await first)["error"]
        let_go.set()
        assert outcome(await second)["result"]
    assert begun.locked()
    assert len(world.exchanges) == 1


@pytest.mark.asyncio
async def test_each_caller_and_each_new_token_has_an_exchange_of_its_own(world: World):
    tokens = [world.token("alice"), world.token("bob"), world.token("alice", jti="another")]
    async with world.app() as app:
        for token in tokens:
            async with host_of(app, token) as host:
                await names_seen(host)
    assert [form["subject_token"] for form in world.exchanges] == tokens


@pytest.mark.asyncio
async def test_an_exchanged_token_is_renewed_before_it_expires(world: World):
    async with world.app() as app, host_of(app, world.token("alice", exp=world.mint.now + 3_000)) as host:
        await names_seen(host)
        world.mint.now += 269
        await names_seen(host)
        assert len(world.exchanges) == 1
        world.mint.now += 2
        await names_seen(host)
    assert len(world.exchanges) == 2


@pytest.mark.asyncio
async def test_a_token_that_provena_refuses_is_forgotten_and_exchanged_anew(world: World):
    refused: list[str] = []

    async def refuse_the_first(request: httpx.Request) -> httpx.Response | None:
        token = request.headers["Authorization"]
        if not refused or token == refused[0]:
            refused.append(token)
            return httpx.Response(401, json={"detail": "Could not validate credentials"})
        return None

    world.hold = refuse_the_first
    async with world.app() as app, host_of(app, world.token("alice")) as host:
        await names_seen(host)
    assert len(set(refused)) == 1
    assert len(world.exchanges) == 2


@pytest.mark.asyncio
async def test_an_end_of_the_login_at_keycloak_says_to_log_in_again(world: World):
    world.refuse_exchange = "invalid_grant"
    async with world.app() as app, host_of(app, world.token("alice")) as host:
        error = await refusal(host)
    assert (error["kind"], error["fault"]) == ("NotLoggedIn", "access")
    assert error["next"] == "Ask the user to log in again through the MCP host."


@pytest.mark.asyncio
async def test_a_keycloak_without_exchange_is_told_as_the_operators_matter(world: World):
    world.refuse_exchange = "access_denied"
    async with world.app() as app, host_of(app, world.token("alice")) as host:
        error = await refusal(host)
        assert error["message"] == NO_TOKEN
        assert error["next"].startswith("Tell the operator of this server")
        world.refuse_exchange = None
        assert await names_seen(host)
    assert SECRET not in str(error)


@pytest.mark.asyncio
async def test_without_exchange_the_server_reads_as_its_own_client_for_callers_who_log_in(world: World):
    async with world.app(http_login="service", read_only=True) as app:
        async with host_of(app, world.token("alice")) as host:
            (name,) = await names_seen(host)
            offered = {tool.name for tool in (await host.list_tools()).tools}
        async with web(app) as stranger:
            refused = await stranger.post("/mcp", json={})
    assert name.startswith("service-account-provena-mcp sees ")
    assert "register_model_run" not in offered
    assert refused.status_code == 401
    assert [form["grant_type"] for form in world.exchanges] == ["client_credentials"]
