"""Questions at a terminal, about the sample world."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.command_line import CommandLine, Ended

Ask = Callable[..., Ended]


@pytest.fixture(scope="module")
def line(tmp_path_factory) -> CommandLine:
    """The command line, with one store for all tests of a module."""
    folder = tmp_path_factory.mktemp("ask")
    return CommandLine(
        folder, {"PROVENA_STORE": str(folder / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
    )


@pytest.fixture
def ask(line: CommandLine) -> Ask:
    """Ask the sample world."""
    return lambda *words, **settings: line("ask", *words, "--sample", **settings)
