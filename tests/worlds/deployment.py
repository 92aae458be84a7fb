"""The server over an embedded Provena that it takes for a deployment: every request seen, any one spoilt.

The world is the shipped sample; the caller is its local user. Which requests are spoilt, and how, is
the test's: an answer may be lost on the way, replaced, or held back.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.types import ElicitRequestParams, ElicitResult

from provena_mcp.client import ClientLimits
from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.build import build_server
from provena_mcp.tools.definition import ToolDefinition
from tests.worlds.records import raw_record
from tests.worlds.sample import call
from tests.worlds.sample_store import put_sample_beside
from tests.worlds.settings import settings_with

BASE = "http://provena.test"
LOCAL_PERSON = "local/1000000"

TEMPLATE = "sample/1000011"

Send = Callable[[httpx.Request], Awaitable[httpx.Response]]
Spoil = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


class Wire(httpx.AsyncBaseTransport):
    """Passes requests on to the application, noting each and spoiling those of a path in ``spoilt``."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.seen: list[tuple[str, str]] = []
        self.spoilt: dict[str, Spoil] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.seen.append((request.method, path))
        spoil = self.spoilt.get(path)
        if spoil is not None:
            return await spoil(request, self._inner.handle_async_request)
        return await self._inner.handle_async_request(request)

    def count(self, path: str) -> int:
        return sum(seen == path for _, seen in self.seen)

    def edit_item(self, item_id: str, **fields: Any) -> None:
        """From now on the registry holds other ``fields`` of an item: somebody has just changed it."""
        fetched, listed = "/registry-api/registry/general/fetch", "/registry-api/registry/general/list"
        edited = {**fields, "updated_timestamp": int(time.time())}

        async def fetch(request: httpx.Request, send: Send) -> httpx.Response:
            answer = await send(request)
            if request.url.params["id"] != item_id:
                return answer
            body = json.loads(await answer.aread())
            body["item"] |= edited
            return httpx.Response(200, json=body)

        async def newest_first(request: httpx.Request, send: Send) -> httpx.Response:
            body = json.loads(await (await send(request)).aread())
            address = httpx.URL(BASE, path=fetched, params={"id": item_id})
            item = await send(httpx.Request("GET", address, headers=request.headers))
            others = [each for each in body["items"] if each["id"] != item_id]
            body["items"] = [json.loads(await item.aread())["item"] | edited, *others]
            return httpx.Response(200, json=body)

        self.spoilt |= {fetched: fetch, listed: newest_first}


def losing_the_answer(*, after_sending: bool = True) -> Spoil:
    """The connection breaks before the answer arrives, the request having arrived or not."""

    async def lose(request: httpx.Request, send: Send) -> httpx.Response:
        if after_sending:
            await send(request)
        raise httpx.ReadError("broken", request=request)

    return lose


def answering(status: int, body: Any) -> Spoil:
    """Somebody else answers."""

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(status, json=body)

    return answer


@dataclass
class Asked:
    """A user in front of a host: answers every question with ``action`` and keeps them."""

    action: Literal["accept", "decline", "cancel"] = "accept"
    content: dict[str, Any] | None = field(default_factory=dict[str, Any])
    questions: list[str] = field(default_factory=list[str])
    then: Callable[[], None] | None = None

    async def __call__(self, context: Any, params: ElicitRequestParams) -> ElicitResult:
        self.questions.append(params.message)
        if self.then is not None:
            self.then()
        return ElicitResult(action=self.action, content=self.content if self.action == "accept" else None)


class HandClock:
    """Monotonic seconds that pass only when somebody waits, or when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


QUICK = PollPolicy(first_pause=0.005, longest_pause=0.02)


@asynccontextmanager
async def provena(folder: Path) -> AsyncGenerator[Wire]:
    """The sample world, its worker at work."""
    store = folder / "store.sqlite3"
    put_sample_beside(store)
    async with EmbeddedProvena.sample(store).running() as app:
        yield Wire(app)


@asynccontextmanager
async def server(
    wire: Wire,
    era: str = "auto",
    *,
    asked: ElicitationFnT | None = None,
    polling: PollPolicy = QUICK,
    now: Callable[[], float] = time.time,
    more_tools: tuple[ToolDefinition, ...] = (),
    limits: ClientLimits | None = None,
    **chosen: Any,
) -> AsyncGenerator[Client]:
    """A client of a server that reaches its deployment over ``wire``; without ``asked`` it asks nobody."""
    addresses = {
        f"{name}_api": f"{BASE}/{path}"
        for name, path in {
            "prov": "prov-api",
            "registry": "registry-api",
            "job": "job-api",
            "search": "search",
            "auth": "auth-api",
            "data": "data-api",
        }.items()
    }
    settings = settings_with(
        domain="provena.test",
        realm="test",
        access_token="secret-token",
        **addresses,
        **chosen,
    )
    built = build_server(
        settings, transport=wire, polling=polling, now=now, more_tools=more_tools, limits=limits
    )
    async with Client(built, mode=era, elicitation_callback=asked) as client:
        yield client


def a_record(**changes: Any) -> dict[str, Any]:
    """A complete record of the sample's hydrodynamics template, run by nobody yet."""
    of_the_sample = {
        "workflow_template_id": TEMPLATE,
        "model_version": "1.2",
        "inputs": [
            {"dataset_template_id": "sample/1000007", "dataset_id": "sample/1000012"},
            {"dataset_template_id": "sample/1000008", "dataset_id": "sample/1000013"},
            {
                "dataset_template_id": "sample/1000009",
                "dataset_id": "sample/1000014",
                "resources": {"settings_file": "drag_2026.yaml"},
            },
        ],
        "outputs": [{"dataset_template_id": "sample/1000010", "dataset_id": "sample/1000015"}],
        "annotations": {"scenario": "hindcast", "grid_resolution": "200 m"},
        "display_name": "Moore Reef again",
        "description": "The pilot once more, with the agreed annotations.",
        "study_id": "sample/1000031",
        "associations": {"modeller_id": "sample/1000005"},
        "start_time": 1_700_000_000,
        "end_time": 1_700_003_600,
    }
    return raw_record(**of_the_sample | changes)


async def confirmed(client: Client, **more: object) -> dict[str, Any]:
    """What comes of that record when its preview is confirmed."""
    shown = await call(client, "register_model_run", record=a_record())
    return await call(client, "register_model_run", reference=shown["reference"], confirm=True, **more)
