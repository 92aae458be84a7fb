"""Assistants that can be had from npm read what is installed, list it, and some start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
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


# What each says of the plugin files of this repository, line by line of what it is asked.
PLUGINS: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "claude-code": [
        (("claude", "plugin", "validate", str(ROOT)), "Validation passed\n"),
        (("claude", "plugin", "validate", str(ROOT / "plugins/provena")), "Validation passed\n"),
        (
            ("claude", "plugin", "marketplace", "add", str(ROOT)),
            "added marketplace: provena-mcp",
        ),
        (("claude", "plugin", "install", "provena@provena-mcp"), "Successfully installed plugin"),
        (("claude", "mcp", "list"), "plugin:provena:provena: uvx provena-mcp@"),
    ],
    "codex": [
        (("codex", "plugin", "marketplace", "add", str(ROOT)), "Added marketplace `provena-mcp`"),
        (("codex", "plugin", "add", "provena@provena-mcp"), "Added plugin `provena`"),
        (("codex", "plugin", "list"), "installed, enabled"),
    ],
    "gemini": [(("gemini", "extensions", "validate", str(ROOT)), "successfully validated")],
    "copilot-cli": [
        (("copilot", "plugin", "marketplace", "add", str(ROOT)), "added successfully"),
        (("copilot", "plugin", "install", "provena@provena-mcp"), "Installed 1 skill."),
        (("copilot", "mcp", "list"), "provena"),
    ],
}


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """Run a command with the assistant that the test is about on its ``PATH``, in an empty home."""
    if os.environ.get("PROVENA_REAL_ASSISTANTS") != "1":
        pytest.skip("PROVENA_REAL_ASSISTANTS=1 tries six assistants from npm, 1.4 GB of them")
    client = request.getfixturevalue("client")
    try:
        folder = Environment(client, "node", (REAL[client].package,)).install()
    except NotInstalledError as error:
        pytest.skip(f"{REAL[client].package}: {error}")
    surroundings = {
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join([str(folder / "node_modules/.bin"), os.defpath]),
        "PYTHONPATH": str(ROOT),
        **dict(REAL[client].environment),
    }

    def told(*line: str) -> str:
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

    return told


@pytest.mark.slow
@pytest.mark.parametrize("client", REAL)
def test_a_real_assistant_lists_what_was_installed_and_not_what_was_taken_out(
    client: str, run: Callable[..., str]
):
    ours = (sys.executable, "-m", "provena_mcp", "install", "--client", client)
    run(*ours, "--sample")
    listed = [line for line in run(*REAL[client].listing).splitlines() if "provena" in line]
    assert any(REAL[client].says in line for line in listed), listed
    run(*ours, "--uninstall")
    assert "provena:" not in run(*REAL[client].listing)


@pytest.mark.slow
@pytest.mark.parametrize("client", PLUGINS)
def test_a_real_assistant_takes_the_plugin(client: str, run: Callable[..., str]):
    for line, said in PLUGINS[client]:
        assert said in run(*line)
