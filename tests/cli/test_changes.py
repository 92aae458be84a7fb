"""``provena-mcp changes`` as people and cron run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from tests.cli.command_line import CommandLine
from tests.worlds.histories import History


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line, over a world in which a run was corrected after an hour."""
    folder: Path = tmp_path_factory.mktemp("changes")
    history = History()
    history.make("w/a")
    history.make("w/b")
    history.run("w/run", ["w/a"], ["w/b"])
    history.now = 4_600
    history.correct("w/run")
    store = Store(folder / "store.sqlite3")
    load_items(store, Source(tuple(history.items.values())))
    store.close()
    return CommandLine(folder, {"PROVENA_STORE": str(store.path), "COLUMNS": "160", "NO_COLOR": "1"})


def test_changes_are_shown_and_the_exit_code_is_1(line: CommandLine) -> None:
    done = line("changes", "--since", "1970-01-01T01:00:00Z", "--of", "w/b")
    assert (done.returncode, done.stderr) == (1, "")
    assert "Since 1970-01-01: 1 run corrected." in done.stdout
    assert "1970-01-01  corrected  Model_Run w/run  model run  w/run" in done.stdout


def test_no_change_is_said_and_the_exit_code_is_0(line: CommandLine) -> None:
    done = line("changes", "--since", "2026-01-01", "--of", "w/b")
    assert done.returncode == 0
    assert "Nothing has changed since 2026-01-01 that matters to 1 item." in done.stdout


def test_a_pipe_gets_the_tools_json(line: CommandLine) -> None:
    done = line("changes", "--since", "1970-01-01", "--of", "w/b", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["totals"] == {"corrected": 1}


def test_what_cannot_be_told_exits_with_more_than_1(line: CommandLine) -> None:
    wrong = line("changes", "--since", "yesterday", "--of", "w/b")
    assert wrong.returncode == 2
    assert "since 'yesterday' is not a day." in wrong.stderr


def test_it_is_among_the_questions_too(line: CommandLine) -> None:
    words = ("changes", "--since", "1970-01-01", "--of", "w/b")
    assert line("ask", *words) == line(*words)
