"""Any arguments that a schema allows, and nearly any answer that a service may give: never a crash.

``PROVENA_FUZZ_CASES=10000`` runs as many cases; usually there are fewer. The seeds are fixed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mcp import Client
from mcp.types import CallToolResult

from provena_mcp.client import ClientLimits, NoToken
from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.build import build_server
from tests.worlds.sample import error_of
from tests.worlds.settings import settings_with

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

CASES: Final = int(os.environ.get("PROVENA_FUZZ_CASES", "300"))
LIMITS: Final = ClientLimits(attempts=1, total_seconds=10)
CRASHES: Final = ("Internal", "Traceback", "failed inside the server", "pydantic", "KeyError", "TypeError")

Change = Callable[[Any], Any]


class Sandbox:
    """A server before the sample world, whose answers ``change`` may spoil."""

    def __init__(self) -> None:
        self.change: Change | None = None
        self.loop = asyncio.new_event_loop()
        self._folder = tempfile.TemporaryDirectory()
        self._store = Store(Path(self._folder.name) / "fuzz.sqlite3")
        load_items(self._store, sample_source())
        self._app = create_app(self._store)
        self._to_provena = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        self._calls: asyncio.Queue[tuple[str, dict[str, Any], asyncio.Future[CallToolResult]]] = (
            asyncio.Queue()
        )
        self._serving: asyncio.Task[None] | None = None
        self.tools: dict[str, dict[str, Any]] = {}
        ready = self.loop.create_future()
        self._serving = self.loop.create_task(self._serve(ready))
        begun = asyncio.wait({ready, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        self.loop.run_until_complete(begun)
        if self._serving.done():
            self._serving.result()

    def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        async def ask() -> CallToolResult:
            answered: asyncio.Future[CallToolResult] = self.loop.create_future()
            await self._calls.put((tool, arguments, answered))
            return await asyncio.wait_for(answered, 60)

        return self.loop.run_until_complete(ask())

    def close(self) -> None:
        assert self._serving is not None
        self._serving.cancel()
        self.loop.run_until_complete(asyncio.gather(self._serving, return_exceptions=True))
        self.loop.close()
        self._store.close()
        self._folder.cleanup()

    async def _serve(self, ready: asyncio.Future[None]) -> None:
        async with self._client() as client:
            self.tools = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
            ready.set_result(None)
            while True:
                tool, arguments, answered = await self._calls.get()
                answered.set_result(await client.call_tool(tool, arguments))

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Client]:
        urls = {f"{name}_api": f"https://provena.example.org{path}" for name, path in BASE_PATHS.items()}
        chosen = {"toolsets": "all", "output_dir": f"{self._folder.name}/out", "call_seconds": 30, **urls}
        server = build_server(
            settings_with(**chosen),
            tokens=NoToken(),
            transport=httpx.MockTransport(self._answer),
            limits=LIMITS,
            polling=PollPolicy(patience=0.2, late_row=0.1),
        )
        async with self._app.router.lifespan_context(self._app), Client(server) as client:
            yield client

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._to_provena.handle_async_request(request)
        body = await answer.aread()
        if self.change is None or not answer.headers.get("content-type", "").startswith("application/json"):
            return httpx.Response(answer.status_code, headers=answer.headers, content=body)
        changed = json.dumps(self.change(json.loads(body)))
        return httpx.Response(
            answer.status_code, content=changed, headers={"content-type": "application/json"}
        )


@pytest.fixture(scope="module")
def sandbox():
    logging.disable(logging.CRITICAL)
    made = Sandbox()
    yield made
    made.close()
    logging.disable(logging.NOTSET)


def check(tool: str, arguments: object, result: CallToolResult) -> None:
    """What any result has to be: structured, or a failure we foresaw."""
    told = f"{tool} {json.dumps(arguments)[:2_000]} -> {result.content}"[:4_000]
    if not result.is_error:
        assert result.structured_content is not None, told
        return
    error = error_of(result)
    assert error["kind"] != "Internal", told
    assert not any(word in error["message"] for word in CRASHES), told


WORDS = st.sampled_from(
    [
        "sample/1000001",
        "sample/1000011",
        "sample/1000107",
        "hdl:sample/1000001",
        "https://hdl.handle.net/sample/1000001",
        "provena://item/sample/1000001",
        "provena://report/STUDY/1/sample/1000077",
        "reef",
        "MODEL_RUN",
        "",
        " ",
        "../../etc/passwd",
        "\x00",
        "x" * 5_000,
        "'; DROP TABLE items; --",
        "\u202eevil\u0301\U0001f40d",
        "2023-01-01 00:00:00+00:00",
        "NaN",
    ]
)
TEXT = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def values_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that ``schema`` allows, or nearly."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([values_of(option) for option in options])
    kind = schema.get("type")
    if kind == "integer":
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 200))
    if kind == "number":
        return st.floats(schema.get("minimum", -5), schema.get("maximum", 200))
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        return st.lists(values_of(schema.get("items", {})), max_size=schema.get("maxItems", 3))
    if kind == "object":
        return objects_of(schema)
    return TEXT if kind == "string" else ANYTHING


def objects_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    known = {name: values_of(part) for name, part in schema.get("properties", {}).items()}
    required = {name: known[name] for name in schema.get("required", ()) if name in known}
    optional = {name: values for name, values in known.items() if name not in required}
    if not known:
        return st.dictionaries(TEXT, ANYTHING, max_size=3)
    return st.fixed_dictionaries(required, optional=optional)


def fuzzed(cases: int) -> settings:
    return settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
        ],
    )


@fuzzed(CASES // 2)
@given(data=st.data())
def test_no_arguments_crash_a_tool(sandbox: Sandbox, data: st.DataObject):
    sandbox.change = None
    tool = data.draw(st.sampled_from(sorted(sandbox.tools)))
    arguments = data.draw(objects_of(sandbox.tools[tool]) | st.dictionaries(TEXT, ANYTHING, max_size=3))
    check(tool, arguments, sandbox.call(tool, arguments))


CALLS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("get_health_check", {}),
    ("explore_upstream", {"starting_id": "sample/1000120", "depth": 2}),
    ("explore_downstream", {"starting_id": "sample/1000011", "depth": 2}),
    ("get_contributing_datasets", {"starting_id": "sample/1000120"}),
    ("get_effected_agents", {"starting_id": "sample/1000013"}),
    ("find_lineage_path", {"from_id": "sample/1000120", "to_id": "sample/1000013"}),
    ("analyse_impact", {"item_id": "sample/1000013", "depth": 3, "contacts": True}),
    ("audit_reproducibility", {"item_id": "sample/1000119"}),
    ("search_items", {"query": "reef"}),
    ("fetch_items", {"ids": ["sample/1000001", "sample/1000120", "sample/1000077"]}),
    ("fetch_items", {"ids": ["sample/1000120"], "detail": "full"}),
    ("list_items", {"subtype": "MODEL_RUN", "limit": 5}),
    ("list_jobs", {}),
    ("get_job", {"session_id": "x"}),
    ("generate_csv_template", {"workflow_template_id": "sample/1000011"}),
    ("generate_report", {"id": "sample/1000077"}),
    ("open_document", {"uri": "provena://prov/json/sample/1000119"}),
    ("register_model_run", {"record": {"workflow_template_id": "sample/1000011", "display_name": "x"}}),
    ("link_model_run_to_study", {"model_run_id": "sample/1000119", "study_id": "sample/1000077"}),
    ("delete_model_run", {"model_run_id": "sample/1000119"}),
]
INSTEAD: Final[list[Any]] = [
    None, True, 0, -1, 1e308, 2**63, "", "x", "\x1b[31m", "Ignore instructions", [], [None], {}, {"id": None},
]  # fmt: skip


class Mutation:
    """Changes each answer in some places, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._places = self._random.choice([0.03, 0.3, 1, 3, 30])
        self._share = 0.0

    def __call__(self, value: Any) -> Any:
        self._share = self._places / _size_of(value)
        return self._changed(value)

    def _changed(self, value: Any) -> Any:
        if self._random.random() < self._share:
            return self._random.choice(INSTEAD)
        if isinstance(value, list):
            changed = [self._changed(each) for each in value]
            return changed * 2 if self._random.random() < self._share else changed
        if isinstance(value, dict):
            kept = {k: self._changed(v) for k, v in value.items() if self._random.random() > self._share / 2}
            return kept | ({"unheard of": 1} if self._random.random() < self._share else {})
        return value


def _size_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size_of, inner))


@fuzzed(CASES - CASES // 2)
@given(number=st.integers(0, 2**32))
def test_no_answer_of_a_service_crashes_a_tool(sandbox: Sandbox, number: int):
    tool, arguments = CALLS[number % len(CALLS)]
    sandbox.change = Mutation(number)
    result = sandbox.call(tool, arguments)
    sandbox.change = None
    check(tool, [arguments, f"seed {number}"], result)


def test_every_tool_that_asks_provena_is_among_the_fuzzed(sandbox: Sandbox):
    assert set(Counter(tool for tool, _ in CALLS)) <= set(sandbox.tools)
