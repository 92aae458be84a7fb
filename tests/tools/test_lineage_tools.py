from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from provena_mcp.server.build import build_server
from tests.tools.conftest import Standing
from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import BOTH_ERAS, LINEAGE_TOOLS, call, failure, world_client
from tests.worlds.settings import settings_with
from tests.worlds.small import dataset, furniture, model_run, person


def rows_of(result: dict[str, Any]) -> list[list[Any]]:
    return [row for kinds in result["nodes"].values() for rows in kinds.values() for row in rows]


@BOTH_ERAS
@pytest.mark.parametrize("tool", LINEAGE_TOOLS)
@pytest.mark.asyncio(loop_scope="session")
async def test_every_lineage_tool_answers_with_totals_and_the_uri_of_the_whole(
    standing: Standing, era: str, tool: str
):
    async with standing.client(era) as client:
        result = await client.call_tool(tool, {"starting_id": "sample/1000041"})
    assert result.structured_content is not None
    answer = result.structured_content
    assert answer["start"]["name"] == "Currents and temperature 2016-2019, 1 km"
    assert sum(answer["totals"]["by_type"].values()) == answer["totals"]["nodes"] > 1
    assert answer["graph_uri"].startswith("provena://lineage/")


@pytest.mark.asyncio(loop_scope="session")
async def test_datasets_that_fed_a_result_are_followed_beyond_ten_hops(standing: Standing):
    async with standing.client() as client:
        shallow = await call(client, "get_contributing_datasets", starting_id="sample/1000117")
        deep = await call(client, shallow["deeper"]["tool"], **shallow["deeper"]["arguments"])
    assert not shallow["complete"]
    assert shallow["incomplete_because"] == "stopped at depth 10; lineage goes on from 1 item at hop 10"
    assert deep["complete"]
    assert {row["id"] for row in deep["answer"]} - {row["id"] for row in shallow["answer"]} == {
        "sample/1000030"
    }


@pytest.mark.asyncio
async def test_of_many_custodians_those_not_told_are_counted_with_how_to_learn_of_them(tmp_path: Path):
    people = [person(f"w/custodian-{number:02}") for number in range(25)]
    datasets = [dataset(f"w/data-{number:02}") for number in range(25)]
    for keeper, kept in zip(people, datasets, strict=True):
        kept["collection_format"]["associations"] = {"data_custodian_id": keeper["id"]}
    run = model_run("w/run", [kept["id"] for kept in datasets], ["w/made"], 10)
    world = [*furniture(), *people, *datasets, dataset("w/made"), run]
    async with world_client(tmp_path, world) as client:
        found = await call(client, "get_contributing_agents", starting_id="w/made")
    assert (len(found["custodians"]), found["note"]) == (
        20,
        "Not told: 5 custodians more of farther datasets; fetch_items tells a dataset's custodian.",
    )


@pytest.mark.asyncio
async def test_no_custodian_is_promised_of_data_that_may_not_be_read(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/registry-api/registry/general/fetch"] = answering(401, {"detail": "No."})
        wire.spoilt["/registry-api/registry/general/list"] = answering(503, {})
        found = await call(client, "get_contributing_agents", starting_id="sample/1000117", depth=1)
    assert (found["custodians_unread"], found["note"]) == (
        1,
        "Not told: the custodians of 1 dataset; fetch_items tells a dataset's custodian, if you may read it.",
    )


@pytest.mark.asyncio(loop_scope="session")
async def test_custodians_are_told_apart_from_those_who_ran_something_and_each_run_by_whom(
    standing: Standing,
):
    async with standing.client() as client:
        found = await call(
            client, "get_contributing_agents", starting_id="sample/1000117", depth=4, by_run=True
        )
        deeper = await call(client, found["deeper"]["tool"], **found["deeper"]["arguments"])
    assert found["custodians"][:2] == [
        {"id": "sample/1000100", "name": "Yuna Seo", "datasets": 1, "first": ["sample/1000117"]},
        {
            "id": "sample/1000050",
            "name": "Anjali Deshmukh",
            "datasets": 2,
            "first": ["sample/1000112", "sample/1000097"],
        },
    ]
    assert found["by_run"] == [
        {
            "id": "sample/1000119",
            "name": "Rank sites with sea country values",
            "ran": "sample/1000100",
            "asked_for_it": "sample/1000003",
        },
        {
            "id": "sample/1000114",
            "name": "Outplanting under ssp585",
            "ran": "sample/1000050",
            "asked_for_it": "sample/1000003",
        },
    ]
    assert next(iter(found["answer"][0]["roles"])) == "modeller"
    assert [run["id"] for run in deeper["by_run"]][:2] == ["sample/1000119", "sample/1000114"]
    assert len(deeper["by_run"]) > 2


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_join_to_the_whole_answer(standing: Standing):
    start = {"starting_id": "sample/1000117", "depth": 20}
    async with standing.client() as client:
        whole = await call(client, "explore_upstream", **start, max_tokens=20_000)
        pages = [await call(client, "explore_upstream", **start, max_tokens=1000)]
        while "next" in pages[-1]:
            pages.append(await call(client, pages[-1]["next"]["tool"], **pages[-1]["next"]["arguments"]))
    assert len(pages) > 3
    assert {str(page["totals"]) for page in pages} == {str(whole["totals"])}
    assert [row for page in pages for row in rows_of(page)] == rows_of(whole)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_cursor_of_another_question_says_to_start_over(standing: Standing):
    async with standing.client() as client:
        first = await call(client, "explore_upstream", starting_id="sample/1000117", max_tokens=500, depth=9)
        cursor = first["next"]["arguments"]["cursor"]
        other = await failure(
            client, "explore_upstream", starting_id="sample/1000112", depth=9, cursor=cursor
        )
        garbage = await failure(client, "explore_upstream", starting_id="sample/1000117", cursor="garbage")
    assert other["message"] == "The cursor belongs to another question."
    assert garbage["message"] == "The cursor is not one of ours."
    assert "without a cursor" in other["next"]
    assert "without a cursor" in garbage["next"]


@pytest.mark.asyncio(loop_scope="session")
async def test_only_the_subtypes_asked_for_are_shown_and_totals_stay_whole(standing: Standing):
    async with standing.client() as client:
        every = await call(client, "explore_upstream", starting_id="sample/1000117")
        people = await call(client, "explore_upstream", starting_id="sample/1000117", subtypes=["PERSON"])
    assert people["totals"] == every["totals"]
    assert {kind for kinds in people["nodes"].values() for kind in kinds} == {"PERSON"}


@pytest.mark.asyncio(loop_scope="session")
async def test_a_cycle_is_reported_not_followed_for_ever(standing: Standing):
    async with standing.client() as client:
        answer = await call(client, "explore_downstream", starting_id="sample/1000037", depth=50)
    assert answer["complete"]
    assert answer["cycles"]["count"] == 1


@pytest.mark.asyncio(loop_scope="session")
async def test_ids_may_be_written_as_urls_and_names_left_out(standing: Standing):
    async with standing.client() as client:
        answer = await call(
            client,
            "explore_upstream",
            starting_id="https://hdl.handle.net/sample/1000117",
            depth="1",
            names="false",
        )
    assert {len(row) for row in rows_of(answer)} == {2}


@pytest.mark.asyncio(loop_scope="session")
async def test_an_item_that_was_never_used_has_an_empty_and_complete_lineage(standing: Standing):
    async with standing.client() as client:
        answer = await call(client, "explore_downstream", starting_id="sample/1000070")
    assert answer["start"]["type"] == "DATASET"
    assert (answer["complete"], answer["totals"]["nodes"], answer["totals"]["links"]) == (True, 0, 0)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_an_empty_store_says_how_to_fill_it(tmp_path: Path, era: str):
    server = build_server(settings_with(store=tmp_path / "empty.sqlite3"))
    assert "EMPTY" in (server.instructions or "")
    async with Client(server, mode=era) as client:
        listed = await call(client, "list_items")
        found = await call(client, "search_items", query="reef")
        refused = await failure(client, "explore_upstream", starting_id="10378.1/1")
        health = await call(client, "get_health_check")
    for said in (listed["note"], found["note"], refused["next"], health["provena"]["advice"]):
        assert "provena-mcp local load FILE" in said
