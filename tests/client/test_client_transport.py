"""What holds on a real socket, and what a client is opened with."""

import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from provena_mcp import __version__
from provena_mcp.client import NoToken, ProvenaClient
from provena_mcp.errors import DeploymentError, SettingsError
from provena_mcp.settings import Endpoints
from tests.client.provena_stand_in import (
    GOOD,
    LINEAGE,
    Loopback,
    Script,
    always,
    client_at,
    client_over,
    endpoints,
    explore,
    raw_answer,
)


@pytest.mark.asyncio
async def test_the_request_says_who_asks_and_encodes_what_it_asks():
    async with Loopback(always(GOOD)).serving() as server, client_at(server.base) as client:
        await client.prov.explore("upstream", "10378.1/ä&depth=9#x", 3)
    head = server.heads[0].split("\r\n")
    assert (
        head[0]
        == "GET /prov-api/explore/upstream?starting_id=10378.1%2F%C3%A4%26depth%3D9%23x&depth=3 HTTP/1.1"
    )
    assert f"User-Agent: provena-mcp/{__version__}" in head
    assert not [line for line in head if line.lower().startswith("authorization")]


@pytest.mark.asyncio
async def test_cookies_of_one_answer_do_not_go_with_the_next_request():
    cookie = raw_answer(
        json.dumps(LINEAGE).encode(),
        headers="Set-Cookie: session=alice\r\nContent-Type: application/json\r\n",
    )
    async with Loopback(always(cookie)).serving() as server, client_at(server.base) as client:
        await explore(client)
        await explore(client)
    assert [head for head in server.heads if "cookie" in head.lower()] == []


@pytest.mark.asyncio
async def test_an_application_in_process_answers_like_a_service():
    async def fetch(request: Request) -> JSONResponse:
        if request.query_params["id"] == "crash":
            raise ValueError("inside")
        item = {"id": request.query_params["id"], "item_category": "AGENT", "item_subtype": "PERSON"}
        return JSONResponse({"status": {"success": True, "details": ""}, "item": item})

    registry = Mount("/registry-api", routes=[Route("/registry/general/fetch", fetch)])
    transport = httpx.ASGITransport(Starlette(routes=[registry]), raise_app_exceptions=False)
    async with ProvenaClient(endpoints(), tokens=NoToken(), transport=transport) as client:
        assert (await client.registry.fetch("10378.1/7")).id == "10378.1/7"
        with pytest.raises(DeploymentError) as caught:
            await client.registry.fetch("crash")
    assert caught.value.upstream == "Internal Server Error"


@pytest.mark.asyncio
async def test_a_client_is_used_inside_its_block_only():
    client = client_over(Script([httpx.Response(200, json=LINEAGE)]))
    with pytest.raises(RuntimeError, match="async with"):
        await explore(client)
    async with client:
        await explore(client)
        with pytest.raises(RuntimeError, match="already open"):
            await client.__aenter__()
    with pytest.raises(RuntimeError, match="async with"):
        await explore(client)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "provena.example.org",
        "ftp://x.org",
        "https://",
        "https://x.org?a=1",
        "//x.org",
        "http://x.org:port",
    ],
)
def test_an_address_that_is_no_base_url_is_refused_at_once(url: str):
    urls = endpoints().model_dump() | {"registry": url}
    with pytest.raises(SettingsError) as caught:
        ProvenaClient(Endpoints(**urls), tokens=NoToken())
    assert "PROVENA_REGISTRY_API" in caught.value.advice
