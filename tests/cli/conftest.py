"""The command line in a folder of its own, a home for assistants, and a laptop to log in at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import CommandLine

if TYPE_CHECKING:
    from tests.login.laptop import Laptop
    from tests.oidc.protected import Protected

# What would lead out of the home of a test, or into what is written there.
ELSEWHERE = (
    *("XDG_CONFIG_HOME", "XDG_STATE_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR", "COPILOT_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """Run ``provena-mcp`` in an empty folder, with a store there."""
    return CommandLine(
        tmp_path, {"PROVENA_STORE": str(tmp_path / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
    )


@pytest.fixture
def laptop(protected: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A laptop whose login the settings find: no keyring, files in a folder of the test's."""
    from tests.login.laptop import Laptop

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Laptop(protected, tmp_path / "config" / "provena-mcp" / "logins")


@pytest.fixture
def home(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any assistant in it, which is where commands run too."""
    for name in (*ELSEWHERE, *(name for name in os.environ if name.upper().endswith("_PROXY"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(run.folder))
    monkeypatch.setenv("PATH", "")
    run.settings.pop("PROVENA_STORE")
    return run.folder
