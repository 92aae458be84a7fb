"""Every fault against every kind of call; ``python -m tests.faults.table [calls per fault]`` prints it.

Right is the answer without the fault, a part of it that says that it is one, or an error. Wrong is anything
else: another answer, or a write said to have happened that has not, or the reverse.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
from tests.worlds.sample import text_of
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
HUNG_SECONDS = 30.0
AT_ONCE = 8
# Most of a trial is waiting for what does not come.
FAULTS_AT_ONCE = 3
# How an answer says that the graph which it rests on contradicts itself.
FALLS_APART = (
    "that no link joins to",
    "two kinds",
    "that it did not describe",
    "from an item to itself",
    "the other way round too",
    "that cannot be between items of these kinds",
    "counted other items than it described",
)
# After these a write may or may not have happened, and they say so.
NOBODY_KNOWS = {"AmbiguousWrite", "Deployment"}


@dataclass
class Tally:
    """What came of the calls under one fault."""

    calls: int = 0
    written: int = 0
    whole: int = 0
    partial: int = 0
    errors: int = 0
    hung: int = 0
    wrong: list[str] = field(default_factory=list)
    duplicated: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.wrong or self.hung or self.duplicated)


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


class Questions:
    """The calls of the table, and what they are answered without any fault."""

    def __init__(self, run: str, record: dict[str, Any]) -> None:
        self.record = record
        self.run = run
        self.reads: list[tuple[str, dict[str, Any]]] = [
            ("explore_upstream", {"starting_id": run, "depth": 3, "max_tokens": 20_000}),
            ("get_contributing_datasets", {"starting_id": run, "max_tokens": 20_000}),
            ("fetch_items", {"ids": [run, "sample/1000001", "sample/1000011"]}),
            ("list_items", {"limit": 5, "subtype": "DATASET"}),
            ("search_items", {"query": "reef", "limit": 5, "subtype": "STUDY"}),
            ("audit_reproducibility", {"item_id": run}),
            ("list_jobs", {"limit": 3}),
            ("open_document", {"uri": f"provena://item/{run}"}),
        ]
        self.truth: dict[str, dict[str, Any]] = {}

    @classmethod
    async def asked_of(cls, client: Client) -> Questions:
        listed = await _content(client, "list_items", {"subtype": "MODEL_RUN", "limit": 40})
        runs = [item["id"] for item in listed["items"]]
        record = await _record_to_write(client, runs[::-1])
        made = cls(await _run_to_read(client, runs, record), record)
        for tool, arguments in made.reads:
            made.truth[tool] = await _content(client, tool, arguments)
        return made


async def _record_to_write(client: Client, runs: list[str]) -> dict[str, Any]:
    """The record of the first of ``runs`` that could be registered once more under another name."""
    for run in runs:
        full = await _content(client, "fetch_items", {"ids": [run], "detail": "full"})
        record = full["items"][0]["record"]["record"]
        again = {**record, "display_name": "as it was"}
        if (await _content(client, "register_model_run", {"record": again})).get("reference"):
            return record
    raise LookupError("No run of the sample world could be registered again.")


async def _run_to_read(client: Client, runs: list[str], record: dict[str, Any]) -> str:
    """The first of ``runs`` that has nothing to do with ``record``: what is registered must not change it."""
    used = [dataset["dataset_id"] for dataset in (*record["inputs"], *record["outputs"])]
    for run in runs:
        question = {"starting_id": run, "depth": 10, "max_tokens": 20_000}
        seen = json.dumps(
            [await _content(client, tool, question) for tool in ("explore_upstream", "explore_downstream")]
        )
        if not any(f'"{dataset}"' in seen for dataset in used):
            return run
    raise LookupError("Every run of the sample world has to do with what is to be written.")


async def _content(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return (await client.call_tool(tool, arguments)).structured_content or {}


class Trial:
    """One fault, many calls."""

    def __init__(self, client: Client, proxy: Proxy, questions: Questions, fault: Fault) -> None:
        self.client = client
        self.proxy = proxy
        self.questions = questions
        self.fault = fault
        self.tally = Tally()

    async def run(self, calls: int) -> Tally:
        self.proxy.arrived.clear()
        self.proxy.fault = self.fault
        slots = asyncio.Semaphore(AT_ONCE)
        steps = [self._write(number) if number % 5 == 4 else self._read(number) for number in range(calls)]

        async def in_turn(step: Any) -> None:
            async with slots:
                await step

        await asyncio.gather(*map(in_turn, steps))
        self.proxy.fault = None
        arrivals = _registrations(self.proxy.arrived)
        self.tally.duplicated = sum(count - 1 for count in arrivals.values() if count > 1)
        return self.tally

    async def _call(self, tool: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], bool] | None:
        self.tally.calls += 1
        try:
            async with asyncio.timeout(HUNG_SECONDS):
                result = await self.client.call_tool(tool, arguments)
        except TimeoutError:
            self.tally.hung += 1
            return None
        content = json.loads(text_of(result))
        error = content.get("error")
        if result.is_error and (not isinstance(error, dict) or error["kind"] == "Internal"):
            self.tally.wrong.append(f"{tool}: {result.content}"[:300])
            return None
        return content, result.is_error

    async def _read(self, number: int) -> None:
        tool, arguments = self.questions.reads[number % len(self.questions.reads)]
        answered = await self._call(tool, arguments)
        if answered is None:
            return
        content, is_error = answered
        if is_error:
            self.tally.errors += 1
            if content["error"]["kind"] in ("NotFound", "Argument", "Forbidden") and not _excused(self.fault):
                self.tally.wrong.append(f"{tool}: {content['error']}"[:300])
            return
        truth = self.questions.truth[tool]
        if tool == "list_jobs" or content == truth:
            self.tally.whole += 1
        elif tool == "audit_reproducibility" and _excused(self.fault):
            self.tally.partial += 1
        elif contradiction := contradiction_of(tool, content, truth):
            self.tally.wrong.append(f"{tool}: {contradiction}"[:300])
        else:
            self.tally.partial += 1

    async def _write(self, number: int) -> None:
        name = f"{self.fault.name} {number}"
        record = {**self.questions.record, "display_name": name}
        shown = await self._call("register_model_run", {"record": record})
        if shown is None:
            return
        content, is_error = shown
        reference = content.get("reference")
        if is_error or reference is None:
            self.tally.errors += 1
            return
        confirmed = {"reference": reference, "confirm": True, "wait": number % 2 == 0}
        for _ in range(2):  # as an assistant that tries again
            answered = await self._call("register_model_run", confirmed)
            if answered is None:
                return
            self._judge_write(name, *answered)

    def _judge_write(self, name: str, content: dict[str, Any], is_error: bool) -> None:
        arrived = _registrations(self.proxy.arrived)[name]
        if is_error:
            self.tally.errors += 1
            said = content["error"]
            if arrived and said["kind"] not in NOBODY_KNOWS and "Nobody knows" not in said["message"]:
                self.tally.wrong.append(f"arrived, but said to have failed: {said}"[:300])
        elif content["status"] in ("submitted", "succeeded", "failed"):
            self.tally.whole += 1
            self.tally.written += 1
            if not arrived:
                self.tally.wrong.append(f"said to be {content['status']}, but never arrived")
            if content["status"] == "succeeded" and not content.get("model_run_id"):
                self.tally.wrong.append(f"said to have succeeded, without the run: {content}"[:300])
        else:
            self.tally.partial += 1  # a new preview: something could not be looked up


def _excused(fault: Fault) -> bool:
    """Nobody can tell a gateway's refusal from one of the item's owner: what it hides may not be read."""
    return fault.name.startswith("403")


def contradiction_of(tool: str, content: dict[str, Any], truth: dict[str, Any]) -> str | None:
    """Where an answer says something that is not so; it may leave out what it says could not be read."""
    if tool == "fetch_items":
        told = [item["id"] for item in content["items"]]
        failed = [item["id"] for item in content.get("failed", ())]
        known = {item["id"]: item for item in truth["items"]}
        if sorted(told + failed + list(content.get("forbidden", ()))) != sorted(known):
            return f"neither told nor failed: {content}"
        return next((w for item in content["items"] if (w := _differs(item, known[item["id"]]))), None)
    if tool == "search_items":
        unread = set(content.pop("unreadable", {}))
        # How well something matches depends on all that is registered, and this table registers runs.
        content = {**content, "items": [_unscored(item) for item in content["items"]]}
        truth = {**truth, "items": [_unscored(item) for item in truth["items"] if item["id"] not in unread]}
    if content.get("complete") is False and (tool == "audit_reproducibility" or _is_doubted(content)):
        return None
    unread = {item_id for ids in content.get("unreadable", {}).values() for item_id in ids}
    return _differs(content, truth, unread=unread)


def _is_doubted(content: dict[str, Any]) -> bool:
    """Whether an answer says that the graph it rests on falls apart: then it may tell of a part only."""
    return any(words in content.get("incomplete_because", "") for words in FALLS_APART)


def _unscored(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "score"}


# May be absent: what they say of an item that could not be read is there by its id.
_MAY_LACK = {"name", "role", "unreadable", "matched", "about", "model", "study"}


def _differs(told: Any, truth: Any, place: str = "", unread: Collection[str] = ()) -> str | None:
    if isinstance(told, dict) and isinstance(truth, dict):
        unseen = {"deferred_keys"} if told.get("unread") else set[str]()
        if lacking := truth.keys() - told.keys() - _MAY_LACK - unseen:
            return f"{place} lacks {sorted(lacking)}"
        keys = sorted(told.keys() & truth.keys())
        return next((w for k in keys if (w := _differs(told[k], truth[k], f"{place}.{k}", unread))), None)
    if isinstance(told, list) and isinstance(truth, list):
        is_nameless_row = len(told) == len(truth) - 1 == 2 and told[1] in unread
        if len(told) != len(truth) and not is_nameless_row:
            return f"{place}: {told} instead of {truth}"
        pairs = enumerate(zip(told, truth, strict=False))
        return next((w for n, (a, b) in pairs if (w := _differs(a, b, f"{place}[{n}]", unread))), None)
    return None if told == truth else f"{place}: {told!r} instead of {truth!r}"


def _registrations(arrived: list[bytes]) -> Counter[str]:
    found: Counter[str] = Counter()
    for request in arrived:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"POST /prov-api/model_run/register "):
            found[json.loads(body)["display_name"]] += 1
    return found


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
