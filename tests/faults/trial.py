"""One fault, many calls, and what came of them.

Right is the answer without the fault, a part of it that says that it is one, or an error. Wrong is anything
else: another answer, or a write said to have happened that has not, or the reverse.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import Client

from provena_mcp.embedded.app import BASE_PATHS
from tests.faults.contradictions import contradiction_of
from tests.faults.proxy import Fault, Proxy
from tests.faults.questions import Questions
from tests.worlds.sample import text_of

HUNG_SECONDS = 30.0
AT_ONCE = 8
BATCH = 2
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


class Trial:
    """One fault, many calls."""

    def __init__(self, client: Client, proxy: Proxy, questions: Questions, fault: Fault) -> None:
        self.client = client
        self.proxy = proxy
        self.questions = questions
        self.fault = fault
        self.tally = Tally()
        # Which runs the records of these names are said to be.
        self.registered: set[tuple[str, str]] = set()
        # By which consent each run is said to have been made, of which name.
        self.made_by: dict[str, tuple[str, str]] = {}
        # How often the user agreed to a record of each name.
        self.consents: Counter[str] = Counter()

    async def run(self, calls: int) -> Tally:
        self.proxy.arrived.clear()
        self.proxy.fault = self.fault
        slots = asyncio.Semaphore(AT_ONCE)
        steps = [
            self._read(number) if number % 5 != 4 else self._write(number, 1 if number % 10 == 4 else BATCH)
            for number in range(calls)
        ]

        async def in_turn(step: Any) -> None:
            async with slots:
                await step

        await asyncio.gather(*map(in_turn, steps))
        self.proxy.fault = None
        await self._look_at_what_is_registered()
        arrivals = _registrations(self.proxy.arrived)
        self.tally.duplicated = (arrivals - self.consents).total()
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

    async def _write(self, number: int, count: int) -> None:
        names = [f"{self.fault.name} {number}.{row}" for row in range(count)]
        records = [{**self.questions.record, "display_name": name} for name in names]
        tool = "register_model_run" if count == 1 else "register_batch_model_runs"
        given: dict[str, Any] = {"record": records[0]} if count == 1 else {"records": records}
        wait = {"wait": number % 20 < 10}
        await self._registered(tool, names, given, wait)
        if count == 1:  # it ran twice
            await self._registered(tool, names, {**given, "allow_duplicate": True}, wait)

    async def _registered(
        self, tool: str, names: list[str], given: dict[str, Any], wait: dict[str, Any]
    ) -> None:
        shown = await self._call(tool, given)
        if shown is None:
            return
        content, is_error = shown
        reference = content.get("reference")
        if is_error or reference is None:
            self.tally.errors += 1
            return
        before = _registrations(self.proxy.arrived)[names[0]]
        self.consents.update(names)
        for _ in range(2):  # as an assistant that tries again
            answered = await self._call(tool, {"reference": reference, "confirm": True, **wait})
            if answered is None:
                return
            arrived = _registrations(self.proxy.arrived)[names[0]] - before
            self._judge_write(names, reference, arrived, *answered)

    def _judge_write(
        self, names: list[str], reference: str, arrived: int, content: dict[str, Any], is_error: bool
    ) -> None:
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
            runs = content.get("runs") or [{**content, "name": names[0]}]
            told = [(run["name"], run["model_run_id"]) for run in runs if run.get("model_run_id")]
            self.registered.update(told)
            for name, run_id in told:
                if self.made_by.setdefault(run_id, (reference, name)) != (reference, name):
                    self.tally.wrong.append(f"{run_id} is said to be two runs: {content}"[:300])
            if content["status"] == "succeeded" and {name for name, _ in told} != set(names):
                self.tally.wrong.append(f"said to have succeeded, without the run: {content}"[:300])
        else:
            self.tally.partial += 1  # a new preview: something could not be looked up

    async def _look_at_what_is_registered(self) -> None:
        """Each run that a record was said to be has to be that, in the registry itself."""
        address = f"http://127.0.0.1:{self.proxy.port}{BASE_PATHS['registry']}/registry/general/fetch"
        async with httpx.AsyncClient() as provena:
            for name, run_id in sorted(self.registered):
                found = (await provena.get(address, params={"id": run_id})).json().get("item")
                if found is None or found["display_name"] != name:
                    self.tally.wrong.append(f"{name!r} is said to be {run_id}, which it is not"[:300])


def _excused(fault: Fault) -> bool:
    """Nobody can tell a gateway's refusal from one of the item's owner: what it hides may not be read."""
    return fault.name.startswith("403")


def _registrations(arrived: list[bytes]) -> Counter[str]:
    found: Counter[str] = Counter()
    for request in arrived:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"POST /prov-api/model_run/register "):
            found[json.loads(body)["display_name"]] += 1
        elif head.startswith(b"POST /prov-api/model_run/register_batch "):
            found.update(record["display_name"] for record in json.loads(body)["records"])
    return found
