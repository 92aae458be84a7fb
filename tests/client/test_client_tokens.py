"""Where tokens come from, and that they go nowhere else."""

import asyncio
import logging

import pytest
from pydantic import SecretStr

from provena_mcp.client import (
    ClientCredentials,
    NoToken,
    ReadyToken,
    RefreshToken,
    StoredLogin,
    token_provider_from,
)
from provena_mcp.errors import NotLoggedInError, SettingsError
from tests.client.keycloak_stand_in import World
from tests.client.provena_stand_in import QUICK, explore
from tests.worlds.settings import settings_with


@pytest.mark.asyncio
async def test_a_ready_token_goes_with_every_request_and_no_token_means_no_header():
    world = World()
    async with world.client(ReadyToken(SecretStr(" ready\n"))) as client:
        await explore(client)
    async with world.client(NoToken()) as client:
        await explore(client)
    assert world.bearers == ["Bearer ready", None]


@pytest.mark.asyncio
async def test_the_provider_is_asked_before_every_request():
    class Turns:
        turn = 0

        async def token(self) -> str | None:
            self.turn += 1
            return f"turn-{self.turn}"

        async def rejected(self, token: str) -> bool:
            return False

    world = World()
    async with world.client(Turns()) as client:
        await explore(client)
        await explore(client)
    assert world.bearers == ["Bearer turn-1", "Bearer turn-2"]


@pytest.mark.asyncio
async def test_an_offline_token_is_exchanged_once_and_again_30_s_before_the_end():
    world = World(expires_in=300)
    async with world.client(world.refresh_token()) as client:
        await explore(client)
        world.now += 269
        await explore(client)
        world.now += 1
        await explore(client)
    form = {"client_id": "client-tools", "grant_type": "refresh_token", "refresh_token": "refresh-0"}
    assert world.forms == [form, form]
    assert world.bearers == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("expires_in", "seconds"), [(20, 10), (None, 30)])
async def test_a_short_or_unstated_lifetime_is_still_used_for_a_while(expires_in, seconds):
    world = World(expires_in=expires_in)
    async with world.client(world.refresh_token()) as client:
        await explore(client)
        world.now += seconds - 1
        await explore(client)
        world.now += 1
        await explore(client)
    assert world.bearers == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


@pytest.mark.asyncio
async def test_a_rotated_refresh_token_replaces_the_one_before():
    world = World(rotates=True)
    async with world.client(world.refresh_token()) as client:
        for _ in range(3):
            await explore(client)
            world.now += 1000
    assert [form["refresh_token"] for form in world.forms] == ["refresh-0", "refresh-1", "refresh-2"]


@pytest.mark.asyncio
async def test_many_requests_at_once_renew_the_login_once_even_with_one_slot():
    world = World()
    async with world.client(world.refresh_token(), QUICK.model_copy(update={"concurrency": 1})) as client:
        await asyncio.gather(*(explore(client) for _ in range(10)))
    assert len(world.forms) == 1
    assert world.bearers == ["Bearer access-1"] * 10


@pytest.mark.asyncio
async def test_a_caller_that_gives_up_during_renewal_does_not_lose_the_rotated_token():
    world = World(rotates=True)
    world.before_grant = asyncio.Event()
    async with world.client(world.refresh_token()) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await explore(client)
        world.before_grant.set()
        await explore(client)
        world.now += 1000
        await explore(client)
    assert [form["refresh_token"] for form in world.forms] == ["refresh-0", "refresh-1"]


@pytest.mark.asyncio
async def test_client_credentials_are_sent_as_a_form():
    world = World()
    tokens = ClientCredentials(client_id="robot", client_secret=SecretStr("s3cret"), clock=lambda: world.now)
    async with world.client(tokens) as client:
        await explore(client)
    assert world.forms == [
        {"client_id": "robot", "client_secret": "s3cret", "grant_type": "client_credentials"}
    ]


@pytest.mark.asyncio
async def test_a_login_outside_a_client_says_what_it_lacks():
    with pytest.raises(SettingsError, match="not connected to a Keycloak"):
        await World().refresh_token().token()


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["two words", "line\nbreak", "naïve"])
async def test_a_token_that_cannot_be_one_is_never_sent(token: str):
    world = World()
    async with world.client(ReadyToken(SecretStr(token))) as client:
        with pytest.raises(NotLoggedInError, match="holds characters that no token has") as caught:
            await explore(client)
    assert world.bearers == []
    assert token not in repr(caught.value)


@pytest.mark.asyncio
async def test_secrets_stay_out_of_reprs_and_logs(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    world = World(rotates=True)
    world.revoked = {"access-1"}
    tokens = world.refresh_token()
    async with world.client(tokens) as client:
        await explore(client)
        told = f"{caplog.text} {tokens!r} {vars(tokens)!r} {client!r}"
    assert world.forms[0]["refresh_token"] == "refresh-0"
    assert [secret for secret in ("access-1", "access-2", "refresh-0", "refresh-1") if secret in told] == []


DEPLOYMENT = {"domain": "provena.example.org", "realm": "reef"}


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, NoToken),
        ({"access_token": "a"}, NoToken),
        (DEPLOYMENT, StoredLogin),
        (DEPLOYMENT | {"access_token": "a"}, ReadyToken),
        (DEPLOYMENT | {"offline_token": "o"}, RefreshToken),
        (DEPLOYMENT | {"offline_token": "o", "access_token": "a"}, RefreshToken),
        (DEPLOYMENT | {"client_secret": "s"}, ClientCredentials),
        (DEPLOYMENT | {"client_secret": "s", "offline_token": "o"}, RefreshToken),
        (DEPLOYMENT | {"client_secret": "s", "access_token": "a"}, ReadyToken),
    ],
)
def test_settings_choose_the_login(settings: dict[str, str], kind: type):
    assert type(token_provider_from(settings_with(**settings))) is kind


def test_an_offline_token_without_a_keycloak_is_a_settings_error():
    urls = {
        f"{name}_api": "https://x.example.org"
        for name in ("prov", "registry", "job", "search", "auth", "data")
    }
    with pytest.raises(SettingsError, match="need a Keycloak"):
        token_provider_from(settings_with(offline_token="o", **urls))
