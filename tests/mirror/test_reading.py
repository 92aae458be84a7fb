"""A server with a mirror answers from it, says how old it is, and writes to the deployment."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from provena_mcp.cli.doctor import Doctor
from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.errors import SettingsError
from provena_mcp.server.build import build_server
from provena_mcp.server.http.app import create_http_app
from tests.mirror.deployment import NOW, URL, Deployment, Pulling
from tests.worlds.deployment import QUICK
from tests.worlds.hosted import World
from tests.worlds.settings import settings_with
from tests.worlds.small import Json, dataset, model_run
from tests.worlds.writable import a_record, writable_world

# Each made from the one before: the last is 24 links from the first.
CHAIN = [
    each
    for number in range(12)
    for each in (
        dataset(f"w/made-{number + 1}", 101 + number * 2),
        model_run(f"w/run-{number + 1}", [f"w/made-{number}"], [f"w/made-{number + 1}"], 102 + number * 2),
    )
]
WORLD = [*writable_world(), dataset("w/made-0", 100), *CHAIN]


ENDPOINTS_AWAY = "http://127.0.0.1:1"


@asynccontextmanager
async def deployment(folder: Path) -> AsyncGenerator[Pulling]:
    made = Deployment(folder, WORLD)
    async with made.running():
        pulling = Pulling(folder, made)
        yield pulling
        pulling.mirror.close()
    made.store.close()


@asynccontextmanager
async def server(pull: Pulling, **chosen: Any) -> AsyncGenerator[Client]:
    addresses = {f"{name}_api": f"{URL}{path}" for name, path in BASE_PATHS.items()}
    login = {"domain": "deployment.test", "realm": "r", "access_token": "t"}
    settings = settings_with(**{**addresses, **login, "mirror": pull.mirror.path, **chosen})
    built = build_server(settings, transport=pull.deployment, polling=QUICK, now=lambda: pull.now)
    async with Client(built) as client:
        yield client


async def ask(client: Client, tool: str, **arguments: Any) -> Json:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


def error_in(answer: CallToolResult) -> Json:
    assert answer.is_error
    (text,) = answer.content
    assert isinstance(text, TextContent)
    return json.loads(text.text)["error"]


@pytest.mark.asyncio
async def test_reads_of_any_depth_come_from_the_mirror_while_the_deployment_is_away(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.deployment.is_away = True
        pull.deployment.seen.clear()
        async with server(pull) as client:
            lineage = await ask(client, "explore_upstream", starting_id="w/made-12", depth=100)
            assert (lineage["depth"]["reached"], lineage["complete"]) == (24, True)
            found = await ask(client, "search_items", query="Dataset made", subtype="DATASET", limit=50)
            assert "w/made-3" in {row["id"] for row in found["items"]}
            counted = await ask(client, "list_items", subtype="MODEL_RUN", group_by="modeller")
            path = await ask(client, "find_lineage_path", from_id="w/made-12", to_id="w/made-0")
            opened = await ask(client, "open_document", uri="provena://item/w%2Fmade-1")
            for answer in (lineage, found, counted, path, opened):
                assert answer["mirror_age"] == "less than a minute"
        assert pull.deployment.seen == []


@pytest.mark.asyncio
async def test_fresh_asks_the_deployment(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.deployment.load(
            {**dataset("w/made-1", 101), "display_name": "Renamed", "updated_timestamp": 999}
        )
        async with server(pull) as client:
            names = [
                (answer["items"][0]["name"], answer.get("mirror_age"))
                for fresh in (False, True, False)
                for answer in [await ask(client, "fetch_items", ids=["w/made-1"], fresh=fresh)]
            ]
            lineage = [
                next(iter((await ask(client, "explore_upstream", starting_id="w/run-1", **how)).values()))
                for how in ({}, {"fresh": True})
            ]
    assert names == [
        ("Dataset w/made-1", "less than a minute"),
        ("Renamed", None),
        ("Dataset w/made-1", "less than a minute"),
    ]
    assert lineage[0] == lineage[1]


@pytest.mark.asyncio
async def test_a_run_just_registered_is_in_the_mirror_before_the_tool_answers(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        async with server(pull) as client:
            preview = await ask(client, "register_model_run", record=a_record())
            done = await ask(client, "register_model_run", reference=preview["reference"], confirm=True)
            assert (done["status"], "mirror_age" in done) == ("succeeded", False)
            pull.deployment.is_away = True
            lineage = await ask(client, "explore_upstream", starting_id=done["model_run_id"])
            assert lineage["totals"]["by_type"]["DATASET"] == 2


@pytest.mark.asyncio
async def test_an_item_just_made_is_in_the_mirror(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        pull.deployment.load(local="w/jane")
        await pull()
        async with server(pull, toolsets="all") as client:
            given = {"item_subtype": "ORGANISATION", "item": {"name": "New", "display_name": "New"}}
            preview = await ask(client, "create_item", **given)
            done = await ask(client, "create_item", reference=preview["reference"], confirm=True)
            pull.deployment.is_away = True
            found = await ask(client, "fetch_items", ids=[done["created"]["id"]])
            assert found["items"][0]["name"] == "New"


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
async def test_what_is_not_in_the_mirror_is_said_with_its_age(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.deployment.load(dataset("w/later", 999))
        async with server(pull) as client:
            refused = error_in(await client.call_tool("explore_upstream", {"starting_id": "w/later"}))
            assert refused["kind"] == "NotFound"
            assert refused["next"].endswith(
                "The mirror is less than a minute old: `fresh` asks the deployment."
            )
            wrong = error_in(await client.call_tool("fetch_items", {"ids": ["w/later"], "fresh": "perhaps"}))
            assert (wrong["parameter"], wrong["message"]) == ("fresh", "fresh is true or false.")


@pytest.mark.asyncio
async def test_what_the_deployment_forbids_is_not_answered(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        pull.deployment.hidden = {"w/made-1"}
        await pull()
        async with server(pull) as client:
            found = await ask(client, "search_items", query="made-1")
            assert "w/made-1" not in {row["id"] for row in found["items"]}
            refused = error_in(await client.call_tool("explore_upstream", {"starting_id": "w/made-1"}))
            assert refused["kind"] == "NotFound"


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


@pytest.mark.slow
@pytest.mark.asyncio
async def test_what_is_gone_is_told_as_a_change(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        pull.deployment.delete("w/made-1")
        pull.now += 60
        await pull(whole=True)
        async with server(pull) as client:
            changed = await ask(client, "what_changed", since="2027-01-01", of=["w/made-3"])
            fresh = await ask(client, "what_changed", since="2027-01-01", of=["w/made-3"], fresh=True)
    assert changed["changes"] == [
        {
            **{"kind": "gone", "when": "2027-01-15T08:01:00Z", "id": "w/made-1", "type": "DATASET"},
            **{"name": "Dataset w/made-1", "concerns": "w/made-3"},
        }
    ]
    assert fresh["changes"] == []


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
