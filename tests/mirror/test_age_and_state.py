"""A mirror says how old it is and of what, and why it must not answer."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jwt
import pytest

from provena_mcp.cli.doctor import Doctor
from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.errors import SettingsError
from provena_mcp.server.build import build_server
from provena_mcp.server.http.app import create_http_app
from tests.mirror.deployment import NOW
from tests.mirror.mirrored_server import ask, deployment, error_in, server
from tests.worlds.hosted import World
from tests.worlds.settings import settings_with
from tests.worlds.small import dataset

ENDPOINTS_AWAY = "http://127.0.0.1:1"


@pytest.mark.asyncio
async def test_a_mirror_older_than_is_set_says_so(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        async with server(pull, mirror_max_age=2.0) as client:
            ages: list[str] = []
            for seconds in (90, 7_100, 7_300, 200_000, -300_000):
                pull.now = NOW + seconds
                ages.append((await ask(client, "fetch_items", ids=["w/made-1"]))["mirror_age"])
    old = "more than the 2 hours that is set: `fresh` asks the deployment"
    assert ages == [
        "1 minute",
        "1 hour",
        f"2 hours, {old}",
        f"2 days, {old}",
        "unknown: this machine's clock has gone back",
    ]


@pytest.mark.asyncio
async def test_a_mirror_older_than_is_set_is_refreshed_where_that_is_wanted(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.now += 100_000
        pull.deployment.now = pull.now
        pull.deployment.load(dataset("w/later", int(NOW) + 50_000))
        async with server(pull, mirror_refresh=True) as client:
            found = await ask(client, "fetch_items", ids=["w/later"])
            assert (found["items"][0]["id"], found["mirror_age"]) == ("w/later", "less than a minute")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_mirror_that_cannot_be_refreshed_answers_all_the_same(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.now += 100_000
        pull.deployment.is_away = True
        async with server(pull, mirror_refresh=True) as client:
            found = await ask(client, "fetch_items", ids=["w/made-1"])
            assert found["mirror_age"].startswith("1 day, more than the 1 day that is set")


@pytest.mark.asyncio
async def test_health_and_instructions_say_which_answers(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        async with server(pull) as client:
            pull.now += 3_700
            health = await ask(client, "get_health_check")
            assert health["provena"] == {
                "kind": "mirror",
                "where": "deployment.test",
                "items": len(pull.deployment.readable()),
                "mirror": {
                    "file": str(pull.mirror.path),
                    "user": "local",
                    "as_of": "2027-01-15T08:00:00Z",
                    "age": "1 hour",
                },
                "version": health["provena"]["version"],
            }
            assert (client.instructions or "").startswith(
                "Answers come from a mirror of the Provena deployment deployment.test as of "
                "2027-01-15T08:00:00Z (39 items); say its age where it matters. `fresh` asks the deployment "
                "itself, and writes go there."
            )


@pytest.mark.parametrize("state", ["missing", "incomplete", "elsewhere", "somebody's", "a store"])
@pytest.mark.asyncio
async def test_a_mirror_that_must_not_answer_says_why(tmp_path: Path, state: str) -> None:
    async with deployment(tmp_path) as pull:
        path = pull.mirror.path
        if state in ("elsewhere", "somebody's"):
            await pull()
            with pull.mirror.opened().write() as connection:
                changed = (
                    "source = 'http://elsewhere.test'" if state == "elsewhere" else "subject = 'another'"
                )
                connection.execute(f"UPDATE mirror SET {changed}")
        elif state == "incomplete":
            pull.mirror.opened(make=True)
        elif state == "a store":
            path = pull.deployment.store.path
        token = jwt.encode({"sub": "me"}, "a key of at least thirty-two bytes")
        async with server(pull, mirror=path, access_token=token) as client:
            refused = error_in(await client.call_tool("fetch_items", {"ids": ["w/made-1"]}))
    said = {
        "missing": "There is no mirror",
        "incomplete": "is not complete yet",
        "elsewhere": "is of another deployment, http://elsewhere.test",
        "somebody's": "holds what 'local' may read, and somebody else is logged in",
        "a store": "is a store of the embedded Provena and no mirror",
    }
    assert said[state] in refused["message"]
    assert refused["fault"] == "operator"


@pytest.mark.asyncio
async def test_tools_have_no_word_about_mirrors_where_none_is_set(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        async with server(pull) as with_mirror, server(pull, mirror=None) as without:
            mirrored = {
                tool.name
                for tool in (await with_mirror.list_tools()).tools
                if "fresh" in tool.input_schema["properties"]
            }
            assert {"explore_upstream", "fetch_items", "analyse_impact", "open_document"} <= mirrored
            assert mirrored.isdisjoint({"register_model_run", "get_job", "get_health_check"})
            assert "fresh" not in json.dumps(
                [tool.model_dump(mode="json") for tool in (await without.list_tools()).tools]
            )


def test_a_mirror_of_nothing_and_a_mirror_for_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="of a deployment, and none is set"):
        build_server(settings_with(mirror=tmp_path / "m.sqlite3"))
    world = World(tmp_path)
    with pytest.raises(SettingsError, match="what one user may read"):
        create_http_app(world.settings(mirror=tmp_path / "m.sqlite3"), transport=world.transport)
    world.close()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_doctor_looks_at_the_mirror(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        pull.now = time.time()
        await pull()
        addresses = {f"{name}_api": f"{ENDPOINTS_AWAY}{path}" for name, path in BASE_PATHS.items()}
        settings = settings_with(**addresses, mirror=pull.mirror.path)
        with pull.mirror.opened().write() as connection:
            connection.execute("UPDATE mirror SET source = ?", (addresses["registry_api"],))
        found = await Doctor(lambda: settings).examine()
        missing = settings.model_copy(update={"mirror": tmp_path / "none.sqlite3"})
        not_found = await Doctor(lambda: missing).examine()
    (mirror,) = [each for each in found if each.subject == "mirror"]
    assert (mirror.state, mirror.said.endswith("age: less than a minute")) == ("ok", True)
    (mirror,) = [each for each in not_found if each.subject == "mirror"]
    assert (mirror.state, "There is no mirror" in mirror.said) == ("problem", True)
