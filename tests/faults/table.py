"""Every fault against every kind of call; ``python -m tests.faults.table [calls per fault]`` prints it."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from mcp import Client

from provena_mcp.client import ClientLimits
from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.build import build_server
from tests.faults.lies import LIES
from tests.faults.network_faults import FAULTS, MAX_BODY, READ_SECONDS
from tests.faults.proxy import Fault, Proxy, faulty_proxy
from tests.faults.questions import Questions
from tests.faults.trial import Tally, Trial
from tests.worlds.settings import settings_with

LIMITS = ClientLimits(
    connect_seconds=1,
    read_seconds=READ_SECONDS,
    total_seconds=2,
    pause_seconds=0.01,
    jitter_seconds=0.01,
    max_body_bytes=MAX_BODY,
)
ALL = (*FAULTS, *LIES)
# Most of a trial is waiting for what does not come.
FAULTS_AT_ONCE = 3


class Renewing:
    """A login whose token can always be renewed."""

    def __init__(self) -> None:
        self.number = 0

    async def token(self) -> str:
        return f"token-{self.number}"

    async def rejected(self, token: str) -> bool:
        self.number += 1
        return True


@contextmanager
def running_provena(folder: Path) -> Iterator[tuple[str, int]]:
    """The embedded Provena with the sample world, over real HTTP."""
    store = Store(folder / "faults.sqlite3")
    load_items(store, sample_source())
    config = uvicorn.Config(create_app(store), port=0, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        yield "127.0.0.1", socket.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        store.close()


@asynccontextmanager
async def client_behind(proxy: Proxy, folder: Path, limits: ClientLimits = LIMITS) -> AsyncGenerator[Client]:
    urls = {f"{name}_api": f"http://127.0.0.1:{proxy.port}{path}" for name, path in BASE_PATHS.items()}
    settings = settings_with(call_seconds=20, output_dir=str(folder), **urls)
    server = build_server(
        settings, tokens=Renewing(), limits=limits, polling=PollPolicy(patience=3.0, late_row=1.0)
    )
    async with Client(server) as client:
        yield client


async def run_table(
    folder: Path, calls: int, faults: tuple[Fault, ...] = ALL, limits: ClientLimits = LIMITS
) -> dict[str, Tally]:
    """What came of ``calls`` calls under each of ``faults``."""
    slots = asyncio.Semaphore(FAULTS_AT_ONCE)
    with running_provena(folder) as backend:
        # What is true is asked without haste: on a busy machine a part of it would pass for all.
        async with faulty_proxy(backend) as proxy, client_behind(proxy, folder, ClientLimits()) as client:
            questions = await Questions.asked_of(client)

        async def tried(fault: Fault) -> Tally:
            async with (
                slots,
                faulty_proxy(backend) as proxy,
                client_behind(proxy, folder, limits) as client,
            ):
                return await Trial(client, proxy, questions, fault).run(calls)

        tallies = await asyncio.gather(*map(tried, faults))
    return {fault.name: tally for fault, tally in zip(faults, tallies, strict=True)}


def print_table(tallies: dict[str, Tally]) -> bool:
    heads = ("calls", "whole", "partial", "error", "wrong", "hung", "twice")
    print(f"{'fault':38}" + "".join(f"{head:>9}" for head in heads))  # noqa: T201  # what this command is for
    total = Counter[str]()
    for name, tally in tallies.items():
        outcomes = (tally.whole, tally.partial, tally.errors, len(tally.wrong), tally.hung, tally.duplicated)
        row = (tally.calls, *outcomes)
        total.update(dict(zip(heads, row, strict=True)))
        print(f"{name:38}" + "".join(f"{value:>9}" for value in row))  # noqa: T201
        for wrong in tally.wrong[:3]:
            print(f"    {wrong}")  # noqa: T201
    print(f"{f'{len(tallies)} faults':38}" + "".join(f"{total[head]:>9}" for head in heads))  # noqa: T201
    return all(tally.is_clean for tally in tallies.values())


def main() -> None:
    logging.disable(logging.CRITICAL)
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        tallies = asyncio.run(run_table(Path(folder), calls))
    sys.exit(0 if print_table(tallies) else 1)


if __name__ == "__main__":
    main()
