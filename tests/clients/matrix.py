"""Clients of other projects against this server, as a table: ``python -m tests.clients.matrix``.

Each lists the tools, converts them to what its models take, makes a call that succeeds, one that fails
and a preview, and reads a document, over HTTP from the sample world.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.clients.environments import NODE_22, Environment, NotInstalledError, run_script
from tests.clients.server_process import sample_over_http

STEPS: Final = ("list", "convert", "success", "failure", "preview", "document")

_SCRIPTS: Final = Path(__file__).parent / "scripts"
_AT_ONCE: Final = 3

_TYPESCRIPT: Final = Environment(
    "typescript-sdk", "node", ("@modelcontextprotocol/sdk@1", "@modelcontextprotocol/client@2")
)
_INSPECTOR: Final = Environment("inspector", "node", ("@modelcontextprotocol/inspector@2", NODE_22))
_OPENAI: Final = Environment("openai-agents", "python", ("openai-agents",))


@dataclass(frozen=True)
class ClientUnderTest:
    """A client, where it is installed, and the script that drives it."""

    name: str
    environment: Environment
    script: str
    arguments: tuple[str, ...] = ()


CLIENTS: Final = (
    ClientUnderTest("TypeScript SDK 1", _TYPESCRIPT, "typescript_sdk_1.mjs"),
    ClientUnderTest("TypeScript SDK 2", _TYPESCRIPT, "typescript_sdk_2.mjs"),
    ClientUnderTest("Inspector --strict", _INSPECTOR, "inspector.mjs"),
    ClientUnderTest("openai-agents", _OPENAI, "openai_agents.py"),
    ClientUnderTest("openai-agents, strict", _OPENAI, "openai_agents.py", ("strict",)),
    ClientUnderTest(
        "google-genai", Environment("google-genai", "python", ("google-genai", "mcp")), "google_genai.py"
    ),
    ClientUnderTest(
        "LangChain adapters",
        Environment("langchain", "python", ("langchain-mcp-adapters", "langchain-openai")),
        "langchain_adapters.py",
    ),
    ClientUnderTest(
        "pydantic-ai",
        Environment("pydantic-ai", "python", ("pydantic-ai-slim[mcp,openai]",)),
        "pydantic_ai_toolset.py",
    ),
    ClientUnderTest(
        "Anthropic, Python", Environment("anthropic", "python", ("anthropic[mcp]",)), "anthropic_sdk.py"
    ),
    ClientUnderTest(
        "Anthropic, TypeScript",
        Environment("anthropic-ts", "node", ("@anthropic-ai/sdk@1", "@modelcontextprotocol/sdk@1")),
        "anthropic_sdk.mjs",
    ),
)


@dataclass(frozen=True)
class Row:
    """What came of one client; ``missing`` says why it could not be tried."""

    name: str
    version: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    missing: str | None = None

    @property
    def failures(self) -> dict[str, str]:
        """What went wrong, by step."""
        return {step: outcome for step, outcome in self.steps.items() if outcome != "ok"}


def try_clients() -> list[Row]:
    """Every client's row, in order."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(_AT_ONCE) as pool:
        folder = Path(name)
        environments = {client.environment for client in CLIENTS}
        installed = dict(zip(environments, pool.map(_install, environments), strict=True))
        with sample_over_http(folder) as url:
            return list(
                pool.map(
                    lambda client: _row(client, url, folder / client.name, installed[client.environment]),
                    CLIENTS,
                )
            )


def _install(environment: Environment) -> str | None:
    """Why an environment cannot be had, if it cannot."""
    try:
        environment.install()
    except NotInstalledError as error:
        return str(error)
    return None


def _row(client: ClientUnderTest, url: str, folder: Path, missing: str | None) -> Row:
    if missing is not None:
        return Row(client.name, missing=missing)
    try:
        printed = run_script(client.environment, _SCRIPTS / client.script, (url, *client.arguments), folder)
    except RuntimeError as error:
        return Row(client.name, steps={"run": str(error)})
    told = json.loads(printed.splitlines()[-1])
    untaken = {step: "not taken" for step in STEPS if step not in told["steps"] and step != "convert"}
    return Row(client.name, told["version"], {**told["steps"], **untaken})


def table(rows: Iterable[Row]) -> str:
    """The rows, with what went wrong below them."""
    lines = [f"{'client':<24}{'version':<10}" + "".join(f"{step:<10}" for step in STEPS)]
    notes: list[str] = []
    for row in rows:
        if row.missing is not None:
            lines.append(f"{row.name:<24}SKIPPED: it cannot be installed here")
            notes.append(f"{row.name}: {' '.join(row.missing.split())}")
            continue
        words = {"ok": "ok", None: "-"}
        cells = "".join(f"{words.get(row.steps.get(step), 'FAILS'):<10}" for step in STEPS)
        lines.append(f"{row.name:<24}{row.version:<10}{cells}")
        notes += [f"{row.name}, {step}: {why}" for step, why in row.failures.items()]
    return "\n".join((*lines, *notes))


if __name__ == "__main__":
    tried = try_clients()
    sys.stdout.write(table(tried) + "\n")
    sys.exit(any(row.failures for row in tried))
