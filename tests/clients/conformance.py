"""The protocol's own conformance suite, as a table: ``python -m tests.clients.conformance``.

It asks the product, and the same server with the tools that the suite calls by name. A cell is the
checks passed of those made; ``*`` marks what has to pass in full.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tests.clients.environments import NODE_22, Environment, run
from tests.clients.server_process import fixture_over_http, sample_over_http

REVISIONS: Final = ("2025-11-25", "2026-07-28")
Served = Literal["product", "fixture"]
SERVED: Final[tuple[Served, ...]] = ("product", "fixture")

_SUITE: Final = Environment(
    "conformance", "node", ("@modelcontextprotocol/conformance@0.2.0-alpha.12", NODE_22)
)
_RESULT: Final = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")

# What says something of a server without tools of the suite's own.
OF_THE_PRODUCT: Final = frozenset(
    {
        "server-initialize",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "completion-complete",
        "caching",
        "http-header-validation",
        "dns-rebinding-protection",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "server-stateless",
        "input-required-result-unsupported-methods",
    }
)

_NO_TASKS: Final = "the SDK has no tasks; a job is followed with get_job"
_NO_ASKING: Final = "a stateless server cannot ask clients of that revision; they get a preview instead"

# Of these the checks that need further tools, for logging and questions amid a stream, are left out.
_IN_PART: Final = frozenset({"server-stateless"})

# What passes nowhere, and why.
NOT_OFFERED: Final[Mapping[str, str]] = {
    "logging-set-level": "logging is deprecated and not declared",
    "tools-call-with-logging": "logging is deprecated and not declared",
    "tools-call-sampling": _NO_ASKING,
    "tools-call-elicitation": _NO_ASKING,
    "elicitation-sep1034-defaults": _NO_ASKING,
    "elicitation-sep1330-enums": _NO_ASKING,
    "resources-subscribe": "not declared: nothing is published",
    "resources-unsubscribe": "not declared: nothing is published",
    "server-session-lifecycle": "there are no sessions",
    "server-sse-polling": "streams are not resumed: there are no sessions",
    "json-schema-2020-12": "no tool here has such a schema",
    **{
        f"tasks-{part}": _NO_TASKS
        for part in (
            "lifecycle",
            "capability-negotiation",
            "wire-fields",
            "request-state-removal",
            "mrtr-input",
            "request-headers",
            "dispatch-and-envelope",
            "status-notifications",
            "required-task-error",
            "mrtr-composition",
        )
    },
}


@dataclass(frozen=True)
class Scenario:
    """What came of one scenario: checks passed, and those that failed with why."""

    name: str
    passed: int
    failures: tuple[str, ...]

    def __str__(self) -> str:
        """Checks passed of checks made."""
        made = self.passed + len(self.failures)
        return f"{self.passed}/{made}" if made else "-"


Results = Mapping[tuple[str, Served], Mapping[str, Scenario]]


def run_suite() -> Results:
    """Every scenario that a revision requires, of both servers, by revision and server.

    Raises:
        NotInstalledError: The suite cannot be had.
    """
    _SUITE.install()
    results: dict[tuple[str, Served], Mapping[str, Scenario]] = {}
    for served in SERVED:
        with tempfile.TemporaryDirectory() as name, _serving(served, Path(name)) as url:
            for revision in REVISIONS:
                results[revision, served] = _results_of(url, revision, Path(name) / revision)
    return results


@contextmanager
def _serving(served: Served, folder: Path) -> Iterator[str]:
    with (sample_over_http if served == "product" else fixture_over_http)(folder) as url:
        yield url


def _results_of(url: str, revision: str, folder: Path) -> dict[str, Scenario]:
    folder.mkdir()
    installed = _SUITE.install()
    suite = str(installed / "node_modules/@modelcontextprotocol/conformance/dist/index.js")
    # Its exit code says that something failed, which the product's does by design.
    run(
        [_SUITE.command(installed), suite, "server", "--url", url, "--requirements", revision, "-o", "out"],
        folder,
    )
    found: dict[str, Scenario] = {}
    for path in sorted(folder.glob("out/*/checks.json")):
        named = _RESULT.fullmatch(path.parent.name)
        assert named is not None, path
        found[named[1]] = _scenario(named[1], json.loads(path.read_text("utf-8")))
    return found


def _scenario(name: str, checks: list[dict[str, str]]) -> Scenario:
    failed = {check["id"]: check.get("errorMessage", "") for check in checks if check["status"] == "FAILURE"}
    return Scenario(
        name,
        sum(check["status"] == "SUCCESS" for check in checks),
        tuple(
            f"{check}: {why}"
            for check, why in failed.items()
            if name not in _IN_PART or not why.startswith("Not testable")
        ),
    )


def is_required(name: str, served: Served) -> bool:
    """Whether a scenario has to pass in full."""
    return name in OF_THE_PRODUCT if served == "product" else name not in NOT_OFFERED


def failures(results: Results) -> dict[str, tuple[str, ...]]:
    """What has to pass and does not, with why."""
    return {
        f"{revision} {served} {scenario.name}": scenario.failures
        for (revision, served), scenarios in results.items()
        for scenario in scenarios.values()
        if is_required(scenario.name, served) and scenario.failures
    }


def table(results: Results) -> str:
    """A row a scenario, a column a revision and server; why what is not required is not."""
    columns: list[tuple[str, Served]] = [(revision, served) for revision in REVISIONS for served in SERVED]
    names = sorted({name for scenarios in results.values() for name in scenarios})
    lines = [f"{'scenario':<46}" + "".join(f"{revision} {served:<9}" for revision, served in columns)]
    for name in names:
        cells = [
            f"{results[column][name]}{'*' * is_required(name, column[1])}" if name in results[column] else ""
            for column in columns
        ]
        lines.append(f"{name:<46}" + "".join(f"{cell:<20}" for cell in cells) + NOT_OFFERED.get(name, ""))
    return "\n".join(lines)


if __name__ == "__main__":
    made = run_suite()
    sys.stdout.write(table(made) + "\n")
    wrong = failures(made)
    sys.stdout.writelines(f"{where}: {'; '.join(why)}\n" for where, why in wrong.items())
    sys.exit(bool(wrong))
