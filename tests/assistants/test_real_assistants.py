"""Assistants that can be had from npm read what is installed, list it, and some start it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.environments import Environment, NotInstalledError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Real:
    """A package, the command that lists servers, and what it then says of ours."""

    package: str
    listing: tuple[str, ...]
    says: str
    environment: tuple[tuple[str, str], ...] = ()


REAL = {
    "claude-code": Real("@anthropic-ai/claude-code", ("claude", "mcp", "list"), "Connected"),
    "codex": Real("@openai/codex", ("codex", "mcp", "list"), "enabled"),
    "gemini": Real(
        "@google/gemini-cli",
        ("gemini", "mcp", "list"),
        "Connected",
        (("GEMINI_CLI_TRUST_WORKSPACE", "true"),),
    ),
    "opencode": Real("opencode-ai", ("opencode", "mcp", "list"), "connected"),
    "copilot-cli": Real("@github/copilot", ("copilot", "mcp", "list"), "(local)"),
    # Its list gives up on a server that takes five seconds to start, and says so.
    "qwen": Real("@qwen-code/qwen-code", ("qwen", "mcp", "list"), "onnected"),
}


@pytest.mark.slow
@pytest.mark.parametrize("client", REAL)
def test_a_real_assistant_lists_what_was_installed_and_not_what_was_taken_out(client: str, tmp_path: Path):
    if os.environ.get("PROVENA_REAL_ASSISTANTS") != "1":
        pytest.skip("PROVENA_REAL_ASSISTANTS=1 tries six assistants from npm, 1.4 GB of them")
    real = REAL[client]
    try:
        folder = Environment(client, "node", (real.package,)).install()
    except NotInstalledError as error:
        pytest.skip(f"{real.package}: {error}")
    programs = folder / "node_modules/.bin"
    surroundings = {
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join([str(programs), os.defpath]),
        "PYTHONPATH": str(ROOT),
        **dict(real.environment),
    }

    def run(*line: str) -> str:
        done = subprocess.run(
            line,
            cwd=tmp_path,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    ours = (sys.executable, "-m", "provena_mcp", "install", "--client", client)
    run(*ours, "--sample")
    listed = [line for line in run(*real.listing).splitlines() if "provena" in line]
    assert any(real.says in line for line in listed), listed
    run(*ours, "--uninstall")
    assert "provena:" not in run(*real.listing)
