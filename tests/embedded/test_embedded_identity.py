"""Who calls, what their roles allow, and the local user (provena-http 1.3, 2.9, 3.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.embedded.identity import LOCAL_USER, Identify, User, not_authenticated
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source, sample_source
from provena_mcp.embedded.store import Store
from tests.embedded.conftest import Http, Load
from tests.worlds.small import small_world

MISSING_ROLE = {
    "detail": "You are not authorised to access this resource as you don't have the correct role."
}
LEVELS = ("general", "read", "write", "admin")


def _always(user: User) -> Identify:
    def identify(request: Request) -> User:
        return user

    return identify


def _roles(component: str, *roles: str) -> tuple[str, ...]:
    return tuple(f"{component}-{role}" for role in roles)


async def _allowed(http: Http, base: str, roles: tuple[str, ...]) -> list[str]:
    async with http(identify=_always(User("jane", "jane@example.org", roles, "secret"))) as client:
        answers = {level: await client.get(f"{base}/check-access/check-{level}-access") for level in LEVELS}
    for answer in answers.values():
        if answer.status_code == 200:
            assert answer.json() == {
                "username": "jane",
                "email": "jane@example.org",
                "roles": list(roles),
                "access_token": "secret",
            }
        else:
            assert (answer.status_code, answer.json()) == (401, MISSING_ROLE)
            assert answer.headers["www-authenticate"] == "Bearer"
    return [level for level, answer in answers.items() if answer.status_code == 200]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ((), ["general"]),
        (("read",), ["general", "read"]),
        (("read", "write"), ["general", "read", "write"]),
        (("read", "write", "admin"), ["general", "read", "write", "admin"]),
        (("write", "admin"), ["general"]),
        (("admin",), ["general"]),
    ],
)
@pytest.mark.parametrize(
    ("base", "component"), [("/prov-api", "entity-registry"), ("/job-api", "job-service")]
)
async def test_roles_are_needed_together(
    http: Http, base: str, component: str, roles: tuple[str, ...], allowed: list[str]
) -> None:
    assert await _allowed(http, base, _roles(component, *roles)) == allowed


@pytest.mark.asyncio
async def test_roles_of_another_component_do_not_count(http: Http) -> None:
    roles = _roles("job-service", "read", "write", "admin")
    assert await _allowed(http, "/registry-api", roles) == ["general"]


@pytest.mark.asyncio
async def test_identification_may_be_asynchronous_and_may_refuse(http: Http) -> None:
    async def identify(request: Request) -> User:
        if request.headers.get("authorization") != "Bearer good":
            raise not_authenticated("Could not validate credentials")
        return LOCAL_USER

    async with http(identify=identify) as client:
        url = "/auth-api/check-access/general"
        good = await client.get(url, headers={"authorization": "Bearer good"})
        bad = await client.get(url)
    assert (good.status_code, good.json()["username"]) == (200, "local")
    assert (bad.status_code, bad.json(), bad.headers["www-authenticate"]) == (
        401,
        {"detail": "Could not validate credentials"},
        "Bearer",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "base", ["/prov-api", "/registry-api", "/job-api", "/search", "/auth-api", "/data-api"]
)
async def test_every_service_is_healthy_for_anyone_and_knows_its_routes(http: Http, base: str) -> None:
    def refuse(request: Request) -> User:
        raise not_authenticated()

    async with http(identify=refuse) as client:
        health = await client.get(f"{base}/")
        unknown = await client.get(f"{base}/nope")
        wrong = await client.delete(f"{base}/")
    assert (health.status_code, health.json()) == (200, {"message": "Health check successful."})
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Not Found"})
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})


@pytest.mark.asyncio
async def test_links_are_looked_up_for_the_caller_or_a_name(load: Load, http: Http) -> None:
    load(small_world(), jane="w/jane")
    async with http(identify=_always(User("jane"))) as client:
        own = await client.get("/auth-api/link/user/lookup")
        other = await client.get("/auth-api/link/user/lookup", params={"username": "joe"})
    assert own.json() == {"person_id": "w/jane", "success": True}
    assert other.json() == {"person_id": None, "success": False}


# The Provena in this process


async def _ask(provena: EmbeddedProvena, *paths: str) -> list[Any]:
    async with provena.running() as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as client:
            return [(await client.get(path)).json() for path in paths]


@pytest.mark.asyncio
async def test_the_local_user_has_all_roles_and_a_person_once_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    for now in (1_700_000_000, 1_800_000_000):
        provena = EmbeddedProvena(path, clock=lambda now=now: now)
        assert (provena.count_items(), provena.where, provena.is_sample) == (0, str(path), False)
        link, fetched, checked = await _ask(
            provena,
            "/auth-api/link/user/lookup",
            "/registry-api/registry/agent/person/fetch?id=local/1000000",
            "/prov-api/check-access/check-admin-access",
        )
        person = fetched["item"]
        assert link == {"person_id": "local/1000000", "success": True}
        assert (person["display_name"], person["created_timestamp"]) == ("Local user", 1_700_000_000)
        assert checked["username"] == "local"


@pytest.mark.asyncio
async def test_a_link_of_the_local_user_that_was_loaded_prevails(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = Store(path)
    load_items(store, Source(tuple(small_world()), {"local": "w/jane"}))
    store.close()
    provena = EmbeddedProvena(path)
    assert provena.count_items() == 9
    assert await _ask(provena, "/auth-api/link/user/lookup") == [{"person_id": "w/jane", "success": True}]


@pytest.mark.asyncio
async def test_the_sample_world_lies_in_a_store_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.sqlite3"
    sample = EmbeddedProvena.sample(own)
    assert (sample.where, sample.is_sample) == (str(tmp_path / "mine-sample.sqlite3"), True)
    assert sample.count_items() == len(sample_source().items)
    assert not own.exists()
    assert await _ask(sample, "/prov-api/") == [{"message": "Health check successful."}]
