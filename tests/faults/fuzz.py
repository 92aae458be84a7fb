"""Mutated answers of the services; ``python -m tests.faults.fuzz [cases]`` prints what came of them.

Half of the cases ask about lineage, half change something. Nothing may be called complete that the graphs
given refute, and nothing be said to have succeeded that is not in the registry, or is there twice.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from mcp.types import CallToolResult

from tests.faults.brute_force import refuted
from tests.faults.lies import another_run, the_run_of_another_row
from tests.faults.random_lies import GraphLie
from tests.faults.sandbox import Mutation, Sandbox
from tests.worlds.sample import error_of

# A world that was written to that often is left for a new one: what is looked up in it grows.
CASES_PER_WORLD: Final = 250
BATCH: Final = 3
# What is said of a run that could not be compared with what its job names.
UNPROVEN: Final = "the word of its job alone"

LINEAGE: Final[list[tuple[str, dict[str, Any]]]] = [
    ("explore_upstream", {"starting_id": "sample/1000120", "depth": 4}),
    ("explore_upstream", {"starting_id": "sample/1000119", "depth": 30}),
    ("explore_downstream", {"starting_id": "sample/1000011", "depth": 30}),
    ("explore_downstream", {"starting_id": "sample/1000013", "depth": 3}),
    ("get_contributing_datasets", {"starting_id": "sample/1000120", "depth": 20}),
    ("get_effected_datasets", {"starting_id": "sample/1000013"}),
    ("get_contributing_agents", {"starting_id": "sample/1000041"}),
    ("get_effected_agents", {"starting_id": "sample/1000013"}),
    ("find_lineage_path", {"from_id": "sample/1000120", "to_id": "sample/1000013"}),
    ("find_lineage_path", {"from_id": "sample/1000013", "to_id": "sample/1000041"}),
    ("find_lineage_path", {"from_id": "sample/1000119", "to_id": "sample/1000041"}),
    ("analyse_impact", {"item_id": "sample/1000013", "depth": 20}),
    ("audit_reproducibility", {"item_id": "sample/1000119"}),
]


class Fuzz:
    """Cases by number; keeps what came of them, and what was wrong."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.outcomes = Counter[str]()
        self.wrong: list[str] = []
        self._record, self._run = _record_to_write(sandbox)
        self._kinds = sandbox.kinds()

    def ask(self, number: int) -> None:
        """One question about lineage, answered out of spoilt graphs."""
        tool, arguments = LINEAGE[number % len(LINEAGE)]
        change = GraphLie(number) if number % 3 else Mutation(number)
        with self._spoilt(change):
            result = self.sandbox.call(tool, arguments)
            given = list(self.sandbox.given)
        content = self._understood(tool, number, result)
        if content is None:
            return
        whole = content.get("complete", content.get("incomplete_because") is None)
        self.outcomes[f"{'complete' if whole else 'said to be incomplete'}"] += 1
        # A name that was spoilt too may not be in the registry that the server saw.
        truth = self._kinds if isinstance(change, GraphLie) else {}
        if untrue := refuted(tool, content, given, truth):
            self.wrong.append(f"{number} {tool} {arguments}: {untrue}")

    def write(self, number: int) -> None:
        """One run, batch or update, confirmed while what is said of its job, or all, is spoilt or untrue."""
        names = [f"Run {number}.{row}" for row in range(BATCH if number % 5 == 0 else 1)]
        tool, arguments = self._change(number, names)
        shown = self.sandbox.call(tool, arguments)
        if (shown.structured_content or {}).get("reference") is None:
            # Items are remembered for ten minutes, also those that an earlier case was told wrongly.
            self.sandbox.let_pass(600)
            shown = self.sandbox.call(tool, arguments)
        reference = (shown.structured_content or {}).get("reference")
        if reference is None:
            self.wrong.append(f"{number} {tool}: no reference though nothing was spoilt: {shown.content}")
            return
        change = Mutation(number)
        spoil = change if number % 2 else _of_jobs(change)
        if number % 4 == 3:
            spoil = _misnaming(number, change if number % 8 == 3 else None)
        with self._spoilt(spoil):
            result = self.sandbox.call(tool, {"reference": reference, "confirm": True, "wait": True})
        content = self._understood(tool, number, result)
        there = [self.sandbox.runs_called(name) for name in names]
        if any(len(runs) > 1 for runs in there):
            self.wrong.append(f"{number} {tool}: written more than once: {there}")
        if content is None:
            return
        self.outcomes[str(content["status"])] += 1
        rows = [row for row in content.get("runs") or [content] if row.get("model_run_id")]
        told = [row["model_run_id"] for row in rows if UNPROVEN not in json.dumps(row)]
        made = sorted(run for runs in there for run in runs)
        if content["status"] == "succeeded" and len(told) == len(rows) and sorted(told) != made:
            self.wrong.append(f"{number} {tool}: said to have succeeded: {content}; there is {there}")
        elif not {*told} <= {*made, *([self._run] if tool == "update_model_run" else [])}:
            self.wrong.append(f"{number} {tool}: said to be another run: {content}; there is {there}")

    def _change(self, number: int, names: list[str]) -> tuple[str, dict[str, Any]]:
        records = [{**self._record, "display_name": name} for name in names]
        if len(records) > 1:
            return "register_batch_model_runs", {"records": records, "allow_duplicate": True}
        if number % 5 == 1:
            changes = {"display_name": names[0]}
            return "update_model_run", {"model_run_id": self._run, "changes": changes, "reason": "fuzz"}
        return "register_model_run", {"record": records[0], "allow_duplicate": True}

    @contextmanager
    def _spoilt(self, change: Callable[[Any], Any]) -> Iterator[None]:
        self.sandbox.given.clear()
        self.sandbox.change = change
        try:
            yield
        finally:
            self.sandbox.change = None

    def _understood(self, tool: str, number: int, result: CallToolResult) -> dict[str, Any] | None:
        if not result.is_error:
            return result.structured_content
        error = error_of(result)
        self.outcomes["error"] += 1
        if error["kind"] == "Internal":
            self.wrong.append(f"{number} {tool}: {error}")
        return None


def _misnaming(number: int, change: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """Has jobs name other runs than theirs, then spoils all that is said with ``change``."""
    lie = another_run if number % 3 else the_run_of_another_row

    def misname(body: Any) -> Any:
        lie(body if isinstance(body, dict) else {})
        return change(body) if change else body

    return misname


def _of_jobs(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Spoils what is said of jobs only: the run itself is registered as it should be."""
    return lambda body: change(body) if isinstance(body, dict) and ("job" in body or "jobs" in body) else body


def _record_to_write(sandbox: Sandbox) -> tuple[dict[str, Any], str]:
    """The record of a sample run that could be registered again under other names, and the run."""
    listed = sandbox.call("list_items", {"subtype": "MODEL_RUN", "limit": 40}).structured_content or {}
    for item in reversed(listed["items"]):
        full = sandbox.call("fetch_items", {"ids": [item["id"]], "detail": "full"}).structured_content or {}
        record = full["items"][0]["record"]["record"]
        again = {"record": {**record, "display_name": "as it was"}}
        if (sandbox.call("register_model_run", again).structured_content or {}).get("reference"):
            return record, item["id"]
    raise LookupError("No run of the sample world could be registered again.")


class Tally:
    """What came of cases by what they were about, and what was wrong."""

    def __init__(self) -> None:
        self.outcomes = {"lineage": Counter[str](), "changes": Counter[str]()}
        self.wrong: list[str] = []

    def add_world(self, numbers: range) -> None:
        """Run the cases with these numbers in a world of their own: even ones ask, odd ones write."""
        sandbox = Sandbox()
        try:
            fuzz = Fuzz(sandbox)
            for about, step, is_odd in (("lineage", fuzz.ask, 0), ("changes", fuzz.write, 1)):
                fuzz.outcomes = self.outcomes[about]
                for number in numbers:
                    if number % 2 == is_odd:
                        step(number // 2)
            self.wrong += fuzz.wrong
        finally:
            sandbox.close()

    def __str__(self) -> str:
        """A line for each kind of case, and the first of what was wrong."""
        lines = [f"{len(self.wrong)} wrong", *(f"    {wrong}" for wrong in self.wrong[:20])]
        for about, found in self.outcomes.items():
            told = ", ".join(f"{outcome} {count}" for outcome, count in found.most_common())
            lines.insert(0, f"{about:8} {found.total():6} cases: {told}")
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--first", type=int, default=0, help="The number of the first case.")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    tally, end = Tally(), asked.first + asked.cases
    for start in range(asked.first, end, CASES_PER_WORLD):
        tally.add_world(range(start, min(start + CASES_PER_WORLD, end)))
        print(f"up to {start + CASES_PER_WORLD}: {len(tally.wrong)} wrong", file=sys.stderr)  # noqa: T201
    print(tally)  # noqa: T201  # what this command is for
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
