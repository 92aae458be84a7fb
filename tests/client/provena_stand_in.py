"""What the client's tests speak to: an httpx handler, or scripted bytes over a real loopback socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from provena_mcp.client import ClientLimits, NoToken, ProvenaClient, TokenProvider
from provena_mcp.settings import Endpoints
from provena_mcp.wire.items import Associations, ModelRunRecord

BASE = "http://provena.test"

QUICK = ClientLimits(pause_seconds=0, jitter_seconds=0)
TWO_ATTEMPTS = QUICK.model_copy(update={"attempts": 2})


def endpoints(base: str = BASE) -> Endpoints:
    return Endpoints(
        prov=f"{base}/prov-api",
        registry=f"{base}/registry-api",
        job=f"{base}/job-api",
        search=f"{base}/search",
        auth=f"{base}/auth-api",
        data=f"{base}/data-api",
        keycloak=f"{base}/realms/test",
    )


def client_over(
    handler: Callable[[httpx.Request], httpx.Response]
    | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]],
    *,
    tokens: TokenProvider | None = None,
    limits: ClientLimits = QUICK,
    clock: Callable[[], float] = lambda: 1_000_000.0,
) -> ProvenaClient:
    return ProvenaClient(
        endpoints(),
        tokens=tokens or NoToken(),
        transport=httpx.MockTransport(handler),
        limits=limits,
        clock=clock,
    )


@dataclass
class Script:
    """Answers requests in turn, the last one for ever, and remembers them."""

    answers: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def json_answer(body: object, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


GRAPH = {
    "directed": True,
    "multigraph": False,
    "graph": {},
    "nodes": [
        {"item_category": "ENTITY", "item_subtype": "DATASET", "id": "10378.1/2"},
        {"item_category": "ACTIVITY", "item_subtype": "MODEL_RUN", "id": "10378.1/1"},
    ],
    "links": [{"type": "wasGeneratedBy", "source": "10378.1/2", "target": "10378.1/1"}],
}
LINEAGE = {"status": {"success": True, "details": "Made lineage query."}, "record_count": 2, "graph": GRAPH}


def raw_answer(
    body: bytes = b"{}", status: str = "200 OK", headers: str = "Content-Type: application/json\r\n"
) -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


RECORD = ModelRunRecord(
    workflow_template_id="10378.1/5",
    display_name="Run",
    description="A run.",
    associations=Associations(modeller_id="10378.1/7"),
    start_time=1,
    end_time=2,
)


Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """A real server on 127.0.0.1 that answers every request with ``reply`` and counts what it sees."""

    reply: Reply
    base: str = ""
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def serving(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                if length:
                    await reader.readexactly(int(length[0].partition(":")[2]))
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                try:
                    await self.reply(writer)
                    await writer.drain()
                finally:
                    self._at_once -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def always(content: bytes) -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return reply


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def never(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


GOOD = raw_answer(json.dumps(LINEAGE).encode())


def client_at(base: str, **limits: float) -> ProvenaClient:
    return ProvenaClient(endpoints(base), tokens=NoToken(), limits=TWO_ATTEMPTS.model_copy(update=limits))


async def explore(client: ProvenaClient) -> object:
    return await client.prov.explore("upstream", "10378.1/2", 3)
