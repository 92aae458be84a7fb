"""A lineage shown: an answer that stands alone, a page to keep, and what a host with MCP Apps draws."""

from pathlib import Path

import pytest
from mcp import Client
from mcp.client import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from provena_mcp.server.build import build_server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_in
from tests.worlds.settings import settings_with

RANKING, FORCING, ROSA = "sample/1000117", "sample/1000039", "sample/1000001"


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_lineage_is_described_so_that_nobody_has_to_see_it(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        shown = await call(client, "show_lineage", id=RANKING, depth=2)
        explored = await call(client, "explore_upstream", starting_id=RANKING, depth=2)
    assert shown["title"] == "What led to Restoration priorities 2025, with sea country values"
    assert (shown["items"], shown["links"]) == (explored["totals"]["nodes"], explored["totals"]["links"])
    assert shown["by_type"] == explored["totals"]["by_type"]
    assert (shown["complete"], shown["incomplete_because"]) == (False, explored["incomplete_because"])
    assert shown["nearest"][0] == {
        "id": RANKING,
        "type": "DATASET",
        "name": "Restoration priorities 2025, with sea country values",
        "column": 0,
    }
    assert shown["picture_uri"] == f"provena://picture/upstream/{RANKING}?depth=2"
    assert shown["figure_uri"] == f"provena://figure/upstream/{RANKING}?depth=2"


@pytest.mark.asyncio
async def test_a_path_and_an_impact_are_shown_too(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        path = await call(client, "show_lineage", id=RANKING, query="path", to=FORCING, depth=20)
        found = await call(client, "find_lineage_path", from_id=RANKING, to_id=FORCING)
        impact = await call(client, "show_lineage", id=FORCING, query="impact", depth=20)
        away = await failure(client, "show_lineage", id=FORCING, query="path", to=FORCING)
    assert {item["id"] for item in path["nearest"]} >= set(found["paths"][0][:5])
    assert path["picture_uri"] == f"provena://picture/path/{RANKING}?to={FORCING}&depth=20"
    assert impact["title"] == "What is affected if Atmospheric forcing 2016-2019, 1 km is wrong"
    assert away["message"] == "A path needs two different items."


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["upstream", "downstream", "impact"])
async def test_an_item_of_which_the_graph_holds_nothing_is_shown_alone(tmp_path: Path, query: str):
    async with sample_client(tmp_path) as client:
        shown = await call(client, "show_lineage", id=ROSA, query=query)
    assert (shown["items"], shown["links"]) == (1, 0)
    assert shown["nearest"] == [{"id": ROSA, "type": "PERSON", "name": "Rosa Whitcombe", "column": 0}]


@pytest.mark.asyncio
async def test_without_a_path_both_ways_to_the_nearest_they_share_are_drawn(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        drawn = await call(
            client, "show_lineage", id="sample/1000119", query="path", to="sample/1000122", depth=20
        )
        none = await failure(client, "show_lineage", id=RANKING, query="path", to="sample/1000001", depth=20)
    assert drawn["title"] == (
        "What Rank sites with sea country values and Rank sites by coral benefit only both came from"
    )
    assert [(item["id"], item["column"]) for item in drawn["nearest"]] == [
        ("sample/1000119", 0),
        ("sample/1000112", 1),
        ("sample/1000122", 2),
    ]
    assert none["message"].startswith("Within 20 hops nothing connects 'sample/1000117' and 'sample/1000001'")


@pytest.mark.asyncio
async def test_the_page_is_saved_under_a_name(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        shown = await call(client, "show_lineage", id=RANKING, depth=2, save_as="ranking")
    saved = Path(shown["saved_to"])
    assert saved.name == "ranking.html"
    assert saved.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.asyncio
async def test_a_host_with_apps_gets_the_picture_and_the_page_that_draws_it(tmp_path: Path):
    settings = settings_with(store=tmp_path / "store.sqlite3", output_dir="off")
    apps = advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})
    async with Client(build_server(settings, sample=True), extensions=[apps]) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        result = await client.call_tool("show_lineage", {"id": RANKING, "depth": 2})
        page = await client.read_resource("ui://provena/lineage.html")
    assert (tools["show_lineage"].meta or {})["ui"] == {"resourceUri": "ui://provena/lineage.html"}
    assert (result.meta or {})["provena/picture"]["starts"] == [RANKING]
    assert (page.contents[0].mime_type, text_in(page)[:15]) == (APP_MIME_TYPE, "<!doctype html>")


@pytest.mark.asyncio
async def test_a_host_without_apps_is_sent_no_picture_it_cannot_draw(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        result = await client.call_tool("show_lineage", {"id": RANKING, "depth": 2})
    assert "provena/picture" not in (result.meta or {})
