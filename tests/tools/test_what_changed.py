"""What has changed for results, compared with the script of what happened."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.server.build import build_server
from tests.worlds.histories import History, random_history
from tests.worlds.settings import settings_with
from tests.worlds.small import Json

# Who or what is built on is no news.
SILENT = {"PERSON", "ORGANISATION", "STUDY", "CREATE", "VERSION"}
Found = tuple[str, int, str, str | None]


@asynccontextmanager
async def server(folder: Path, items: Iterable[Json], **chosen: Any) -> AsyncGenerator[Client]:
    store = Store(folder / "store.sqlite3")
    load_items(store, Source(tuple(items), {"local": "w/jane", "jane": "w/jane"}))
    store.close()
    async with Client(build_server(settings_with(store=store.path, **chosen))) as client:
        yield client


async def ask(client: Client, **arguments: Any) -> Json:
    answer = await client.call_tool("what_changed", arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def changes_by_the_script(history: History, since: int, results: Collection[str]) -> set[Found]:
    """What there is to tell, read from the script and from nothing that the registry keeps."""
    foundations = built_on(history, results)
    data = (set(results) - runs_of(history)) | made_by(history, set(results) & runs_of(history))
    before = {each.item: each.of for each in history.script if each.kind == "new_version"}
    found: set[Found] = set()
    for each in history.script:
        of = None
        if each.kind == "new_version":
            of = before[each.item]
            while of is not None and of not in foundations:
                of = before.get(of)
            is_news = of is not None and each.item not in foundations
        elif each.kind == "new_run":
            of = next((one for one in each.used if one in data), None)
            is_news = of is not None and each.item not in results
        else:
            is_news = each.kind != "made" and each.item in foundations
        if is_news and each.when >= since:
            found.add((each.kind, each.when, each.item, of))
    return found


def built_on(history: History, results: Collection[str]) -> set[str]:
    """The results, and what they came from."""
    found = set(results)
    waiting = [*results]
    while waiting:
        new = history.sources.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return {each for each in found if each in results or history.items[each]["item_subtype"] not in SILENT}


def made_by(history: History, runs: set[str]) -> set[str]:
    return {each for each, sources in history.sources.items() if sources & runs}


def runs_of(history: History) -> set[str]:
    return {each for each, held in history.items.items() if held["item_subtype"] == "MODEL_RUN"}


def found_in(answer: Json) -> set[Found]:
    rows = answer["changes"]
    assert len(rows) == sum(answer["totals"].values())
    assert [row["when"] for row in rows] == sorted((row["when"] for row in rows), reverse=True)
    return {
        (row["kind"], int(datetime.fromisoformat(row["when"]).timestamp()), row["id"], row.get("of"))
        for row in rows
    }


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
@pytest.mark.asyncio
async def test_every_change_of_a_scripted_history_is_told_and_nothing_else(tmp_path: Path, seed: int) -> None:
    history = random_history(seed)
    items = history.items.values()
    mine = {
        each["id"]
        for each in items
        if each["item_subtype"] not in SILENT
        and (each["owner_username"] == "jane" or each["item_subtype"] == "MODEL_RUN")
    }
    newest = max(runs_of(history), key=lambda run: history.items[run]["created_timestamp"])
    async with server(tmp_path, items, max_result_tokens=20_000) as client:
        for since in (0, history.now - 150, history.now + 1):
            for of in (["w/a"], [newest], ["w/b", newest], None):
                answer = await ask(client, since=iso(since), **({"of": of} if of else {}))
                assert answer["complete"]
                assert found_in(answer) == changes_by_the_script(history, since, of or mine), (since, of)


@pytest.mark.asyncio
async def test_an_answer_says_what_happened_to_what_and_why(tmp_path: Path) -> None:
    history = History()
    history.make("w/a", "sam")
    history.make("w/b")
    history.run("w/run", ["w/a"], ["w/b"])
    since = history.now + 1
    history.correct("w/run")
    history.version("w/a-2", "w/a", lodged=True)
    history.run("w/theirs", ["w/b"], [], "sam")
    async with server(tmp_path, history.items.values()) as client:
        answer = await ask(client, since=iso(since), of=["w/b"])
        assert answer == {
            "answer": "Since 1970-01-01: 1 new version, 1 run corrected, 1 new run.",
            "since": "1970-01-01T00:17:11Z",
            "results": 1,
            "foundations": 6,
            "complete": True,
            "totals": {"new_run": 1, "new_version": 1, "corrected": 1},
            "changes": [
                {
                    **{"kind": "new_run", "when": "1970-01-01T00:17:40Z", "id": "w/theirs"},
                    **{"type": "MODEL_RUN", "name": "Model_Run w/theirs", "of": "w/b", "by": "sam"},
                },
                {
                    **{"kind": "new_version", "when": "1970-01-01T00:17:30Z", "id": "w/a-2"},
                    **{"type": "DATASET", "name": "Dataset w/a-2", "of": "w/a", "concerns": "w/b"},
                    **{"reason": "x", "by": "sam"},
                },
                {
                    **{"kind": "corrected", "when": "1970-01-01T00:17:20Z", "id": "w/run"},
                    **{"type": "MODEL_RUN", "name": "Model_Run w/run", "concerns": "w/b"},
                    **{"reason": "A mistake", "by": "sam"},
                },
            ],
        }
        nothing = await ask(client, since="2020-01-01", of=["w/b"])
        assert nothing["answer"] == "Nothing has changed since 2020-01-01 that matters to 1 item."
        for arguments, message in (
            ({"since": "yesterday"}, "is not a day."),
            ({"since": "2020-01-01", "of": ["w/none"]}, "w/none"),
        ):
            refused = await client.call_tool("what_changed", arguments)
            assert refused.is_error
            assert message in str(refused.content)


@pytest.mark.asyncio
async def test_more_changes_than_fit_come_page_by_page(tmp_path: Path) -> None:
    history = History()
    history.make("w/a")
    for _ in range(60):
        history.edit("w/a")
    async with server(tmp_path, history.items.values(), max_result_tokens=600) as client:
        whens: list[str] = []
        cursor: Json = {}
        while True:
            page = await ask(client, since="1970-01-01", of=["w/a"], **cursor)
            whens += [row["when"] for row in page["changes"]]
            assert page["totals"] == {"edited": 60}
            if "cursor" not in page:
                break
            cursor = {"cursor": page["cursor"]}
    assert len(set(whens)) == 60
    assert whens == sorted(whens, reverse=True)


@pytest.mark.asyncio
async def test_whose_results_are_meant_has_to_be_known(tmp_path: Path) -> None:
    store = Store(tmp_path / "empty.sqlite3")
    load_items(store, Source((), {"local": "w/gone"}))
    store.close()
    async with Client(build_server(settings_with(store=store.path))) as client:
        refused = await client.call_tool("what_changed", {"since": "2020-01-01"})
        assert refused.is_error
        assert "Which results are yours is not known." in str(refused.content)
