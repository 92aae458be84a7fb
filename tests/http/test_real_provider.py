"""With a real OpenID provider: log in at the host, be exchanged, be known to a Provena that checks tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provena_mcp.server.http.app import create_http_app
from tests.oidc.realm import EXCHANGE_SECRET, MCP_SERVER, token_of
from tests.worlds.hosted import call, failure, host_of, web

if TYPE_CHECKING:
    from tests.oidc.protected import Protected
    from tests.oidc.realm import Realm
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


def served(protected: Protected):
    settings = protected.settings(
        client_id="provena-mcp",
        client_secret=EXCHANGE_SECRET,
        http_url=MCP_SERVER,
        http_hosts="mcp.example.org",
        http_audience="provena-api",
    )
    return create_http_app(settings, clock=protected.realm.clock)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_caller_is_known_to_provena_by_a_token_that_was_exchanged_for_theirs(
    realm: Realm, protected: Protected
):
    app = served(protected)
    async with app.router.lifespan_context(app):
        for username, may_write in (("reader", False), ("writer", True)):
            async with host_of(app, await token_of(realm, username)) as host:
                roles = (await call(host, "get_health_check"))["you"]["roles"]
                await call(host, "list_items", limit=1)
            assert "entity-registry-read" in roles
            assert ("entity-registry-write" in roles) is may_write
    assert [form["client_id"] for form in realm.requests(EXCHANGE)] == ["provena-mcp", "provena-mcp"]


@pytest.mark.asyncio
async def test_a_token_for_provena_itself_does_not_open_this_server(realm: Realm, protected: Protected):
    app = served(protected)
    async with (
        app.router.lifespan_context(app),
        web(app, await token_of(realm, "writer", "client-tools")) as http,
    ):
        assert (await http.post("/mcp", json=PING)).status_code == 401


@pytest.mark.asyncio
async def test_after_the_keys_were_changed_new_tokens_work_and_old_ones_do_not(
    realm: Realm, protected: Protected
):
    app = served(protected)
    old = await token_of(realm, "reader")
    async with app.router.lifespan_context(app):
        async with host_of(app, old) as host:
            await call(host, "list_items", limit=1)
        realm.rotate_keys(retire=True)
        realm.advance(10)
        async with host_of(app, await token_of(realm, "reader")) as host:
            await call(host, "list_items", limit=1)
        async with web(app, old) as http:
            assert (await http.post("/mcp", json=PING)).status_code == 401


@pytest.mark.asyncio
async def test_while_keycloak_is_down_calls_fail_in_words_and_listing_tools_works(
    realm: Realm, protected: Protected
):
    app = served(protected)
    async with app.router.lifespan_context(app), host_of(app, await token_of(realm, "reader")) as host:
        await host.list_tools()
        realm.change(down=True)
        error = await failure(host, "list_items", limit=1)
        assert (error["fault"], error["retry"]) == ("deployment", "later")
        assert (await host.list_tools()).tools
        realm.change(down=False)
        await call(host, "list_items", limit=1)
    assert EXCHANGE_SECRET not in str(error)
