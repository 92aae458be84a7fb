"""A login that is kept, renewed and shared: a real OpenID provider, a Provena that checks tokens."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ClientCredentials, ReadyToken, RefreshToken
from provena_mcp.client.prov import AccessLevel
from provena_mcp.errors import (
    ForbiddenError,
    LoginRefusedError,
    NotLoggedInError,
    UnavailableError,
)
from tests.login.laptop import CLIENT, Laptop, who
from tests.oidc.minted import Mint
from tests.oidc.realm import AUTOMATION_SECRET

ACCESS_TOKEN_SECONDS = 300


@pytest.mark.asyncio
async def test_a_login_outlives_its_access_token_and_the_process(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        assert (await who(client), laptop.refreshed()) == ("writer", 1)
        assert (await who(client), laptop.refreshed()) == ("writer", 1)
        laptop.realm.advance(ACCESS_TOKEN_SECONDS + 60)
        assert (await who(client), laptop.refreshed()) == ("writer", 2)
    async with laptop.client(laptop.login()) as client:
        assert (await who(client), laptop.refreshed()) == ("writer", 3)


@pytest.mark.asyncio
async def test_it_is_renewed_before_the_services_would_refuse_it(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        await who(client)
        laptop.realm.advance(ACCESS_TOKEN_SECONDS - 29)
        assert (await who(client), laptop.refreshed()) == ("writer", 2)


@pytest.mark.asyncio
async def test_a_hundred_calls_at_once_renew_it_once(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        await who(client)
        laptop.realm.advance(ACCESS_TOKEN_SECONDS + 60)
        assert set(await asyncio.gather(*(who(client) for _ in range(100)))) == {"writer"}
    assert laptop.refreshed() == 2


@pytest.mark.asyncio
async def test_a_refresh_token_that_rotates_is_kept_each_time(laptop: Laptop):
    await laptop.log_in("writer")
    kept = [await laptop.kept()]
    async with laptop.client(laptop.login()) as client:
        for _ in range(3):
            await who(client)
            kept.append(await laptop.kept())
            laptop.realm.advance(ACCESS_TOKEN_SECONDS)
    assert len(set(kept)) == 4
    assert [form["refresh_token"] for form in laptop.realm.requests("refresh_token")] == kept[:-1]


@pytest.mark.asyncio
async def test_a_refresh_token_that_does_not_rotate_is_used_again(laptop: Laptop):
    laptop.realm.change(rotateRefreshTokens=False)
    await laptop.log_in("writer")
    kept = await laptop.kept()
    for _ in range(2):
        async with laptop.client(laptop.login()) as client:
            await who(client)
    assert (await laptop.kept(), laptop.refreshed()) == (kept, 2)


@pytest.mark.asyncio
async def test_processes_that_share_a_rotating_login_do_not_end_it_for_each_other(laptop: Laptop):
    """A realm that rotates takes a used refresh token for a stolen one and ends the whole session."""
    await laptop.log_in("writer")
    clients = [laptop.client(laptop.login()) for _ in range(4)]
    for client in clients:
        await client.__aenter__()
    try:
        for _ in range(3):
            assert set(await asyncio.gather(*map(who, clients))) == {"writer"}
            laptop.realm.advance(ACCESS_TOKEN_SECONDS)
    finally:
        for client in clients:
            await client.__aexit__(None, None, None)
    assert laptop.refreshed() == 12


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_does_not_lose_the_rotated_token(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        waiting = asyncio.create_task(who(client))
        while not laptop.refreshed():
            await asyncio.sleep(0.001)
        waiting.cancel()
        await asyncio.wait({waiting})
    async with laptop.client(laptop.login()) as client:
        assert await who(client) == "writer"


class Slow(httpx.AsyncHTTPTransport):
    """The network; what comes back is held until the test lets it through."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()
        self.through = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        self.answered.set()
        await self.through.wait()
        return response


@pytest.mark.asyncio
async def test_a_process_that_ends_during_renewal_does_not_lose_the_rotated_token(laptop: Laptop):
    await laptop.log_in("writer")
    network = Slow()
    async with laptop.client(laptop.login(), network) as client:
        waiting = asyncio.create_task(who(client))
        await network.answered.wait()
        waiting.cancel()
        asyncio.get_running_loop().call_later(0.05, network.through.set)
    async with laptop.client(laptop.login()) as client:
        assert await who(client) == "writer"


@pytest.mark.asyncio
async def test_without_a_login_a_call_fails_at_once_with_the_fix(laptop: Laptop):
    async with laptop.client(laptop.login()) as client:
        with pytest.raises(NotLoggedInError, match="Nobody is logged in") as caught:
            await who(client)
    assert "provena-mcp login" in caught.value.advice
    assert laptop.realm.requests() == []


@pytest.mark.asyncio
async def test_a_login_that_has_ended_at_keycloak_is_forgotten_here(laptop: Laptop):
    laptop.realm.change(refreshTokenSeconds=1800)
    await laptop.log_in("writer")
    laptop.realm.advance(1801)
    async with laptop.client(laptop.login()) as client:
        with pytest.raises(LoginRefusedError, match="The login has ended at Keycloak") as caught:
            await who(client)
        assert (caught.value.code, "provena-mcp login" in caught.value.advice) == ("invalid_grant", True)
        with pytest.raises(NotLoggedInError, match="Nobody is logged in"):
            await who(client)
    assert await laptop.kept() is None


@pytest.mark.asyncio
async def test_a_keycloak_out_of_reach_does_not_cost_the_login(laptop: Laptop):
    await laptop.log_in("writer")
    laptop.realm.change(down=True)
    async with laptop.client(laptop.login()) as client:
        with pytest.raises(UnavailableError):
            await who(client)
        laptop.realm.change(down=False)
        assert await who(client) == "writer"


@pytest.mark.asyncio
async def test_new_keys_of_the_realm_are_followed(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        await who(client)
        laptop.realm.rotate_keys()
        laptop.realm.advance(ACCESS_TOKEN_SECONDS)
        assert await who(client) == "writer"


@pytest.mark.asyncio
async def test_tokens_of_retired_keys_are_refused_then_renewed_within_one_call(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.login()) as client:
        await who(client)
        laptop.realm.rotate_keys(retire=True)
        laptop.realm.advance(30)
        async with laptop.client(laptop.login()) as other:
            # A token of the new key makes the services fetch the realm's keys.
            assert await who(other) == "writer"
        assert (await who(client), laptop.refreshed()) == ("writer", 3)


@pytest.mark.asyncio
async def test_logging_out_ends_the_session_at_keycloak_too(laptop: Laptop):
    login = await laptop.log_in("writer")
    kept = await laptop.kept()
    async with laptop.client(login):
        assert await login.end() is True
        assert await login.end() is False
    assert await laptop.kept() is None
    copied = RefreshToken(SecretStr(kept or ""), client_id=CLIENT, clock=laptop.realm.clock)
    async with laptop.client(copied) as client:
        with pytest.raises(LoginRefusedError, match="has ended at Keycloak"):
            await who(client)


@pytest.mark.asyncio
async def test_logging_out_forgets_the_login_even_if_keycloak_is_out_of_reach(laptop: Laptop):
    login = await laptop.log_in("writer")
    laptop.realm.change(down=True)
    async with laptop.client(login):
        with pytest.raises(UnavailableError):
            await login.end()
    assert await laptop.kept() is None


@pytest.mark.asyncio
async def test_an_offline_token_from_the_settings_is_renewed_and_its_successor_used(laptop: Laptop):
    await laptop.log_in("writer")
    given = SecretStr(await laptop.kept() or "")
    async with laptop.client(RefreshToken(given, client_id=CLIENT, clock=laptop.realm.clock)) as client:
        for _ in range(3):
            assert await who(client) == "writer"
            laptop.realm.advance(ACCESS_TOKEN_SECONDS)
    assert laptop.refreshed() == 3


@pytest.mark.asyncio
async def test_automation_logs_in_as_itself(laptop: Laptop):
    robot = ClientCredentials(
        client_id="automation", client_secret=SecretStr(AUTOMATION_SECRET), clock=laptop.realm.clock
    )
    async with laptop.client(robot) as client:
        assert await who(client) == "service-account-automation"
        laptop.realm.advance(ACCESS_TOKEN_SECONDS)
        assert await who(client) == "service-account-automation"
    assert len(laptop.realm.requests("client_credentials")) == 2


@pytest.mark.asyncio
async def test_a_ready_token_works_until_it_expires(laptop: Laptop):
    login = await laptop.log_in("writer")
    ready = ReadyToken(SecretStr(await login.token() or ""))
    async with laptop.client(ready) as client:
        assert await who(client) == "writer"
        laptop.realm.advance(ACCESS_TOKEN_SECONDS)
        with pytest.raises(NotLoggedInError, match="did not accept the login"):
            await who(client)


@pytest.mark.asyncio
async def test_a_forged_token_is_refused_and_cannot_be_renewed(laptop: Laptop):
    forged = Mint().token(iss=laptop.realm.issuer, exp=laptop.realm.clock() + 300)
    async with laptop.client(ReadyToken(SecretStr(forged))) as client:
        with pytest.raises(NotLoggedInError, match="did not accept the login") as caught:
            await who(client)
    assert caught.value.upstream == "Could not validate credentials"


@pytest.mark.asyncio
@pytest.mark.parametrize(("username", "lacks"), [("noroles", "read"), ("reader", "write")])
async def test_whoever_lacks_a_role_is_told_which(laptop: Laptop, username: str, lacks: AccessLevel):
    login = await laptop.log_in(username)
    async with laptop.client(login) as client:
        with pytest.raises(ForbiddenError) as caught:
            await client.prov.check_access(lacks)
    assert f"entity-registry-{lacks}" in caught.value.advice


@pytest.mark.asyncio
async def test_a_token_without_roles_structure_is_no_login_here(laptop: Laptop):
    login = await laptop.log_in("bare")
    async with laptop.client(login) as client:
        with pytest.raises(NotLoggedInError) as caught:
            await who(client)
    assert caught.value.upstream == "Token had incorrect structure."
