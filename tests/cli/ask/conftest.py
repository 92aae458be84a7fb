"""Questions at a terminal, about the sample world."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.command_line import CommandLine, Ended

Ask = Callable[..., Ended]

# Items of the sample world.
RANKING = "sample/1000117"
BATHYMETRY = "sample/1000013"
RUN, OTHER_RUN = "sample/1000119", "sample/1000122"
STUDY = "sample/1000109"


@pytest.fixture(scope="session")
def line(tmp_path_factory) -> CommandLine:
    """The command line, with one store for all tests: they only read."""
    folder = tmp_path_factory.mktemp("ask")
    return CommandLine(
        folder, {"PROVENA_STORE": str(folder / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
    )


@pytest.fixture
def ask(line: CommandLine) -> Ask:
    """Ask the sample world."""
    return lambda *words, **settings: line("ask", *words, "--sample", **settings)
