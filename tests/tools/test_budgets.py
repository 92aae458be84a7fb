"""What a call costs that can be counted exactly: requests, serialisations, bytes and tokens. Times never."""

import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult
from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer

from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.tools.definition import Reply, ToolDefinition
from tests.worlds.deployment import Send, Wire, provena, server
from tests.worlds.sample import text_of

RESULT = "sample/1000041"
LISTS = "registry/general/list"
ITEMS = "registry/general/fetch"


@asynccontextmanager
async def asking(folder: Path, *more_tools: Any) -> AsyncGenerator[tuple[Wire, Client]]:
    async with provena(folder) as wire, server(wire, more_tools=more_tools) as client:
        yield wire, client


async def requests_of(wire: Wire, client: Client, tool: str, arguments: dict[str, Any]) -> Counter[str]:
    """How often each path was asked during one call."""
    before = len(wire.seen)
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return Counter(path.split("-api/")[-1] for _, path in wire.seen[before:])


@pytest.mark.asyncio
async def test_a_lineage_whose_names_are_known_is_one_request(tmp_path: Path):
    async with asking(tmp_path) as (wire, client):
        question = {"starting_id": RESULT, "depth": 10}
        cold = await requests_of(wire, client, "explore_upstream", question)
        warm = await requests_of(wire, client, "explore_upstream", question)
        nameless = await requests_of(wire, client, "explore_upstream", question | {"names": False})
    assert cold["explore/upstream"] == 1
    assert warm == nameless == {"explore/upstream": 1}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tool", "requests"),
    [
        ("get_contributing_datasets", {"explore/upstream": 1}),
        ("get_contributing_agents", {"explore/upstream": 1}),
        ("get_effected_datasets", {"explore/downstream": 1}),
        ("get_effected_agents", {"explore/downstream": 1, "explore/special/effected_agents": 1}),
    ],
)
async def test_a_special_query_is_one_request_unless_it_leaves_what_is_around(
    tmp_path: Path, tool: str, requests: dict[str, int]
):
    async with asking(tmp_path) as (wire, client):
        question = {"starting_id": RESULT, "depth": 10}
        await requests_of(wire, client, tool, question)
        warm = await requests_of(wire, client, tool, question)
    assert warm == requests


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("item", "runs", "requests"),
    [
        ("sample/1000097", 3, {ITEMS: 1, "explore/downstream": 1, "explore/upstream": 2}),
        (RESULT, 7, {ITEMS: 1, "explore/downstream": 1, "explore/upstream": 3}),
        # Wide fans. Of each item that led to no other, only a query from itself tells: there are 6, 6 and 5.
        ("sample/1000002", 17, {ITEMS: 1, "explore/downstream": 1, "explore/upstream": 6}),
        ("sample/1000005", 17, {ITEMS: 1, "explore/downstream": 1, "explore/upstream": 7}),
        ("sample/1000031", 18, {ITEMS: 1, "explore/downstream": 3, "explore/upstream": 5}),
        # The most there is: a newer version is fetched too, and asked for the run that made it.
        ("sample/1000013", 11, {ITEMS: 2, "explore/downstream": 3, "explore/upstream": 6}),
    ],
)
async def test_an_impact_asks_once_for_the_makers_people_and_studies_on_one_way(
    tmp_path: Path, item: str, runs: int, requests: dict[str, int]
):
    async with asking(tmp_path) as (wire, client):
        question = {"item_id": item}
        impact = (await client.call_tool("analyse_impact", question)).structured_content
        warm = await requests_of(wire, client, "analyse_impact", question)
    assert impact is not None
    assert impact["totals"]["runs"] == runs
    assert warm == requests


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tool", "question", "requests"),
    [
        ("find_lineage_path", {"from_id": RESULT, "to_id": "sample/1000013"}, {"explore/upstream": 2}),
        (
            "compare_model_runs",
            {"run_ids": ["sample/1000099", "sample/1000046"], "scope": "lineage"},
            {ITEMS: 2, "explore/upstream": 2},
        ),
        (
            "audit_reproducibility",
            {"item_id": "sample/1000099"},
            {ITEMS: 19, LISTS: 1, "explore/upstream": 2},
        ),
    ],
)
async def test_an_answer_asks_for_its_lineages_once_and_fetches_what_it_looks_at(
    tmp_path: Path, tool: str, question: dict[str, Any], requests: dict[str, int]
):
    async with asking(tmp_path) as (wire, client):
        await requests_of(wire, client, tool, question)
        warm = await requests_of(wire, client, tool, question)
    assert warm == requests


@pytest.mark.asyncio
async def test_an_audit_does_not_follow_the_versions_of_what_a_list_holds_besides(tmp_path: Path):
    async def with_another(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(await (await send(request)).aread())
        another = {
            "id": "sample/1999998",
            "versioning_info": {"version": 1, "next_version": "sample/1999999"},
        }
        body["items"].append(body["items"][0] | another)
        return httpx.Response(200, json=body)

    async with asking(tmp_path) as (wire, client):
        question = {"item_id": "sample/1000099"}
        await requests_of(wire, client, "audit_reproducibility", question)
        before = await requests_of(wire, client, "audit_reproducibility", question)
        wire.spoilt[f"/registry-api/{LISTS}"] = with_another
        after = await requests_of(wire, client, "audit_reproducibility", question)
    assert (after[LISTS], after[ITEMS]) == (1, before[ITEMS])


@pytest.mark.asyncio
async def test_the_next_page_asks_for_its_names_only(tmp_path: Path):
    async with asking(tmp_path) as (wire, client):
        question = {"starting_id": RESULT, "depth": 10, "max_tokens": 600}
        first = (await client.call_tool("explore_upstream", question)).structured_content
        assert first is not None
        asked = await requests_of(wire, client, first["next"]["tool"], first["next"]["arguments"])
    assert asked.keys() <= {LISTS, ITEMS}


class CountedResult(BaseModel):
    """A result that knows how often it was written."""

    text: str = "x"
    written: list[str] = []

    @model_serializer(mode="wrap")
    def write(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        self.written.append("once")
        return handler(self) | {"written": list(self.written)}


async def count_writings() -> Reply[CountedResult]:
    """Answer with how often the answer has been written."""
    return Reply(CountedResult(written=[]))


class CountingTool(ToolDefinition):
    """A tool that has its words here."""

    @property
    def description(self) -> str:
        return "How often this answer has been written."


COUNTING = CountingTool("count_writings", "Count", "health", "reads", lambda: count_writings)


@pytest.mark.asyncio
async def test_a_result_is_written_once_for_its_structure_and_its_text(tmp_path: Path):
    async with asking(tmp_path, COUNTING) as (_, client):
        result = await client.call_tool("count_writings", {})
    assert result.structured_content == {"text": "x", "written": ["once"]}
    assert json.loads(text_of(result)) == result.structured_content


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.asyncio
@pytest.mark.parametrize("max_tokens", [600, 1500, 4000])
async def test_an_answer_is_its_structure_and_the_same_as_text_and_keeps_its_tokens(
    tmp_path: Path, max_tokens: int
):
    async with asking(tmp_path) as (_, client):
        arguments = {"starting_id": RESULT, "depth": 10, "max_tokens": max_tokens}
        result: CallToolResult = await client.call_tool("explore_upstream", arguments)
    text = text_of(result)
    assert text == compact(result.structured_content)
    assert estimate_tokens(text) <= max_tokens
    # Two writings of the content, of which the text escapes its quotes, and what frames them.
    on_the_wire = len(result.model_dump_json(by_alias=True, exclude_none=True))
    assert on_the_wire - len(compact(text)) - len(text) < 700
