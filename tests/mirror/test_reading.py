"""A server with a mirror answers from it and writes to the deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mirror.mirrored_server import ask, deployment, error_in, server
from tests.worlds.small import dataset
from tests.worlds.writable import a_record


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
