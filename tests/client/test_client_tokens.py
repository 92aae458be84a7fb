"""Where tokens come from, and that they go nowhere else."""

import asyncio
import logging

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import (
    ClientCredentials,
    ClientLimits,
    NoToken,
    ProvenaClient,
    ReadyToken,
    RefreshToken,
    StoredLogin,
    TokenProvider,
    token_provider_from,
)
from provena_mcp.errors import (
    DeploymentError,
    NotLoggedInError,
    ProvenaError,
    SettingsError,
    UnavailableError,
)
from tests.client.provena_stand_in import BASE, LINEAGE, QUICK, RECORD, Script, client_over, json_answer
from tests.worlds.settings import settings_with

EXPIRED = json_answer({"detail": "Could not validate credentials"}, 401)


class World:
    """A Keycloak that numbers the tokens it grants, and services that accept those it has not revoked."""

    def __init__(self, *, expires_in: float | None = 300, rotates: bool = False) -> None:
        self.expires_in = expires_in
        self.rotates = rotates
        self.now = 1_000_000.0
        self.forms: list[dict[str, str]] = []
        self.bearers: list[str | None] = []
        self.revoked: set[str] = set()
        self.keycloak_answer: httpx.Response | None = None
        self.before_grant: asyncio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/realms/test/protocol/openid-connect/token":
            return await self._grant(request)
        bearer = request.headers.get("authorization")
        self.bearers.append(bearer)
        return EXPIRED if bearer in {f"Bearer {token}" for token in self.revoked} else json_answer(LINEAGE)

    async def _grant(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(dict(httpx.QueryParams(request.content.decode())))
        number = len(self.forms)
        if self.before_grant:
            await self.before_grant.wait()
        if self.keycloak_answer:
            return self.keycloak_answer
        grant: dict[str, object] = {"access_token": f"access-{number}", "id_token": "never kept"}
        if self.expires_in is not None:
            grant["expires_in"] = self.expires_in
        if self.rotates:
            grant["refresh_token"] = f"refresh-{number}"
        return json_answer(grant)

    def client(self, tokens: TokenProvider, limits: ClientLimits = QUICK) -> ProvenaClient:
        return client_over(self, tokens=tokens, limits=limits, clock=lambda: self.now)

    def refresh_token(self) -> RefreshToken:
        return RefreshToken(SecretStr(" refresh-0\n"), client_id="client-tools", clock=lambda: self.now)


async def explore(client: ProvenaClient) -> object:
    return await client.prov.explore("upstream", "10378.1/2", 3)


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
async def test_a_refused_token_is_renewed_and_the_read_repeated_once():
    world = World()
    world.revoked = {"access-1"}
    async with world.client(world.refresh_token()) as client:
        await explore(client)
    assert world.bearers == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.asyncio
async def test_a_second_refusal_is_final():
    world = World()
    world.revoked = {"access-1", "access-2"}
    async with world.client(world.refresh_token()) as client:
        with pytest.raises(NotLoggedInError, match="did not accept the login"):
            await explore(client)
    assert world.bearers == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.asyncio
async def test_a_refused_write_is_not_repeated_but_the_next_call_has_a_fresh_login():
    world = World()
    world.revoked = {"access-1"}
    async with world.client(world.refresh_token()) as client:
        with pytest.raises(NotLoggedInError, match="so nothing was changed: register a model run") as caught:
            await client.prov.register(RECORD)
        await explore(client)
    assert "Repeat the call" in caught.value.advice
    assert world.bearers == ["Bearer access-1", "Bearer access-2"]


@pytest.mark.asyncio
async def test_a_ready_token_that_is_refused_cannot_be_renewed():
    world = World()
    world.revoked = {"ready"}
    async with world.client(ReadyToken(SecretStr("ready"))) as client:
        with pytest.raises(NotLoggedInError):
            await explore(client)
    assert world.bearers == ["Bearer ready"]


@pytest.mark.asyncio
async def test_a_missing_role_is_no_reason_to_renew():
    world = World()
    detail = "You are not authorised to access this resource as you don't have the correct role."
    script = Script(
        [json_answer({"access_token": "a", "expires_in": 300}), json_answer({"detail": detail}, 401)]
    )
    async with client_over(script, tokens=world.refresh_token()) as client:
        with pytest.raises(ProvenaError, match="lacks a role"):
            await explore(client)
    assert len(script.requests) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            json_answer({"error": "invalid_grant", "error_description": "Token is not active"}, 400),
            NotLoggedInError,
            "Token is not active",
        ),
        (json_answer({"error": "unauthorized_client"}, 401), NotLoggedInError, "unauthorized_client"),
        (json_answer({"error": "Realm does not exist"}, 404), DeploymentError, "Realm does not exist"),
        (json_answer({}, 503), UnavailableError, None),
        (json_answer({"token": "?"}), ProvenaError, None),
    ],
)
async def test_a_login_that_keycloak_does_not_renew_is_told(answer, error, says):
    world = World()
    world.keycloak_answer = answer
    async with world.client(world.refresh_token()) as client:
        with pytest.raises(error) as caught:
            await explore(client)
    assert caught.value.upstream == says
    assert (len(world.forms), world.bearers) == (1, [])
    assert "refresh-0" not in f"{caught.value!r} {caught.value.advice}"


@pytest.mark.asyncio
async def test_health_is_asked_without_a_login_when_there_is_none():
    world = World()
    world.keycloak_answer = json_answer({"error": "invalid_grant"}, 400)
    seen: list[httpx.Request] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        if "/realms/" in request.url.path:
            return await world(request)
        seen.append(request)
        return json_answer({"message": "Health check successful."})

    async with client_over(handler, tokens=world.refresh_token()) as client:
        assert (await client.prov.health()).message == "Health check successful."
    assert [(str(request.url), "authorization" in request.headers) for request in seen] == [
        (f"{BASE}/prov-api/", False)
    ]


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
