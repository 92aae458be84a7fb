"""The picture opened in a real browser: looked at, clicked, walked by keyboard, printed, shown in a host."""

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from provena_mcp.lineage.picture.page import picture_page
from provena_mcp.lineage.picture.scene import Facts, Sketch, draw
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.server.build import build_server
from tests.browser.installed import chromium, scripts
from tests.worlds.large_picture import large_page
from tests.worlds.sample import text_in
from tests.worlds.settings import settings_with

pytestmark = pytest.mark.slow

RANKING, FORCING = "sample/1000117", "sample/1000039"
SCREENSHOTS = os.environ.get("PROVENA_SCREENSHOTS")


def opened(page: Path, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(scripts() / "picture.mjs"), chromium(), str(page), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def screenshots(name: str) -> tuple[str, ...]:
    return ("", "", str(Path(SCREENSHOTS, name))) if SCREENSHOTS else ()


async def a_page(folder: Path, uri: str) -> Path:
    settings = settings_with(store=folder / "store.sqlite3", output_dir="off")
    async with Client(build_server(settings, sample=True)) as client:
        content = text_in(await client.read_resource(uri))
    page = folder / "page.html"
    page.write_text(content, "utf-8")
    return page


@pytest.mark.asyncio
async def test_a_lineage_can_be_used_with_mouse_and_keyboard_and_by_everybody(tmp_path: Path):
    page = await a_page(tmp_path, f"provena://picture/upstream/{RANKING}?depth=12")
    seen = opened(page)
    used = seen.pop("used")
    assert (seen["errors"], seen["requests"], seen["axe"]) == ([], [], [])
    assert (seen["printed"], seen["dark"]) == (True, "rgb(20, 24, 27)")
    assert used["boxes"] < used["unfolded"]
    assert used["incomplete"].startswith("Not complete: stopped at depth 12")
    assert used["walked"].startswith("Model run, Rank sites with sea country values")
    assert used["way"] == (
        "The way: Restoration priorities 2025, with sea country values, then "
        "Rank sites with sea country values"
    )
    assert used["onTheWay"] == 1
    assert used["hits"] >= 1
    assert [used[each] for each in ("kept", "closed", "zoomed", "collapsed", "expanded")] == [True] * 5
    assert used["details"] == used["found"] == "Restoration priorities 2025, with sea country values"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "uri",
    [
        f"provena://picture/upstream/{RANKING}?depth=20",
        f"provena://picture/path/{RANKING}?to={FORCING}&depth=20",
        f"provena://picture/impact/{FORCING}?depth=20",
        "provena://picture/path/sample/1000119?to=sample/1000094&depth=20",
    ],
    ids=["lineage", "path", "impact", "meeting"],
)
async def test_whole_lineages_paths_and_impacts_are_drawn_without_a_fault(
    tmp_path: Path, uri: str, request: pytest.FixtureRequest
):
    seen = opened(await a_page(tmp_path, uri), *screenshots(request.node.callspec.id))
    assert (seen["errors"], seen["requests"], seen["axe"]) == ([], [], [])


HOSTILE = (
    "</script><img src=x onerror=alert(1)><script>alert(2)</script>\u202e \u05d0 👩\u200d🔬 " + "n" * 4_000
)


@pytest.mark.parametrize("items", [490, 5000])
def test_many_items_with_hostile_names_and_cycles_are_drawn_and_none_is_run(tmp_path: Path, items: int):
    seen = opened(large_page(tmp_path, items, HOSTILE))
    assert (seen["errors"], seen["requests"], seen["axe"]) == ([], [], [])
    assert seen["used"]["boxes"] <= 520
    # What is left out to keep frames short is never what can be read, nor what is printed.
    assert (seen["wordless"], seen["printedWithoutWords"]) == ([0, 0, 0], 0)


@pytest.mark.parametrize("names", [(), ("Rain",), ("Rain", "Rain")], ids=["empty", "one item", "one name"])
def test_pictures_with_next_to_nothing_in_them_are_drawn(tmp_path: Path, names: tuple[str, ...]):
    ids = [f"x/{number}" for number in range(len(names))]
    links = tuple(Link(later, "wasInfluencedBy", earlier) for later, earlier in pairwise(ids))
    graph = ProvenanceGraph(dict.fromkeys(ids, Kind("ENTITY", "DATASET")), links)
    columns = {item: number for number, item in enumerate(ids)}
    sketch = Sketch("lineage", graph, tuple(ids[:1]), columns, ("start", "1 hop")[: len(ids)])
    page = tmp_path / "small.html"
    page.write_text(
        picture_page(draw(sketch, dict(zip(ids, map(Facts, names), strict=True)), "Rain")), "utf-8"
    )
    seen = opened(page)
    assert (seen["errors"], seen["requests"], seen["axe"], seen["used"]["boxes"]) == ([], [], [], len(names))


@pytest.mark.skipif(not SCREENSHOTS, reason="PROVENA_SCREENSHOTS names no folder for them")
def test_many_items_are_shown_in_the_documentation(tmp_path: Path):
    opened(large_page(tmp_path, 500, "an ensemble"), *screenshots("many"))


@pytest.mark.asyncio
async def test_in_a_host_with_apps_the_page_draws_the_result_and_asks_for_more_through_it(tmp_path: Path):
    settings = settings_with(store=tmp_path / "store.sqlite3", output_dir="off")
    apps = advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})
    asked = {"id": RANKING, "query": "upstream", "depth": 2}
    async with Client(build_server(settings, sample=True), extensions=[apps]) as client:
        first = await client.call_tool("show_lineage", asked)
        more = await client.call_tool("show_lineage", {"id": FORCING, "depth": 1})
        app = text_in(await client.read_resource("ui://provena/lineage.html"))
    answers = {
        "arguments": asked,
        "result": first.model_dump(mode="json", by_alias=True),
        "more": more.model_dump(mode="json", by_alias=True),
    }
    (tmp_path / "app.html").write_text(app, "utf-8")
    (tmp_path / "answers.json").write_text(json.dumps(answers), "utf-8")
    page = await a_page(tmp_path, f"provena://picture/upstream/{RANKING}?depth=2")
    seen = opened(page, str(tmp_path / "app.html"), str(tmp_path / "answers.json"))
    shown = seen["app"]
    assert seen["errors"] == []
    assert shown["asked"] == {
        "name": "show_lineage",
        "arguments": {"id": RANKING, "query": "upstream", "depth": 1},
    }
    assert shown["after"] > shown["before"]
    assert shown["theme"] == "dark"
    assert {"ui/initialize", "ui/notifications/initialized", "ui/notifications/size-changed"} <= set(
        shown["calls"]
    )
