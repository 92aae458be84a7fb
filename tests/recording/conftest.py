"""A folder of work with a command line in it; no login, no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some data, of somebody who never logged in and has no git settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "rain.csv").write_text("a,b\n1,2\n")
    return folder


@pytest.fixture
def run(work: Path) -> CommandLine:
    """``provena-mcp`` in that folder."""
    store = str(work.parent / "store.sqlite")
    return CommandLine(work, {"PROVENA_STORE": store, "COLUMNS": "100", "NO_COLOR": "1"})
