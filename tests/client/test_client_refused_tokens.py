"""Tokens that a service or Keycloak refuses: renewed once, or told."""

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ReadyToken
from provena_mcp.errors import DeploymentError, NotLoggedInError, ProvenaError, UnavailableError
from tests.client.keycloak_stand_in import World
from tests.client.provena_stand_in import BASE, RECORD, Script, client_over, explore, json_answer


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
