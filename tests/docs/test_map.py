"""The map in CONTRIBUTING.md is true: every place it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
# Beside the repository, where it is at all.
ELSEWHERE = {"../shared/goldens", "../shared"}


def exists(path: str) -> bool:
    """Whether a path is in the package or the repository; ``<words>`` stand for any."""
    pattern = re.sub(r"<\w+>", "*", path)
    return any([*(ROOT / "provena_mcp").glob(pattern), *ROOT.glob(pattern)])


def places() -> list[str]:
    """Paths in code marks, and those at the beginning of a line of the house."""
    house = TEXT.split("```\n")[1]
    drawn = re.findall(r"(?:^|(?<= ))(\w+\.py|\w+/)(?=\s)", house, re.MULTILINE)
    marked = re.findall(r"`([\w<>./-]+/|[\w<>./-]+\.(?:py|md|toml|txt)|(?:[\w<>.-]+/)+[\w<>.-]+)`", TEXT)
    return sorted({*drawn, *marked} - ELSEWHERE)


def modules() -> list[str]:
    """Modules that a row names without a path: ``server/``: ``auth``, ``limits``."""
    named: list[str] = []
    for folder, words in re.findall(r"`((?:\w+/)+)`: ((?:`\w+`(?:, )?)+)", TEXT):
        named += [f"{folder}{word}.py" for word in re.findall(r"`(\w+)`", words)]
    return named


def commands() -> list[str]:
    """Modules and folders of our own that the commands run."""
    shown = "".join(TEXT.split("```\n")[3::2])
    run = [module.replace(".", "/") for module in re.findall(r"python -m ((?:tests|evals)[\w.]*)", shown)]
    return run + re.findall(r"pytest (tests/\w+)", shown) + re.findall(r"bash ([\w./]+)", shown)


def test_the_map_is_read():
    assert {"rules/csv/", "resources.py", "schemas/", "tools/<toolset>.py", "cli/"} <= set(places())
    assert "commands/confirmation/gate.py" in modules()
    assert {"tests/interop", "tests/golden_parity", ".ci/run"} <= set(commands())


@pytest.mark.parametrize("place", [*places(), *modules()])
def test_every_place_on_the_map_is_there(place: str):
    assert exists(place)


@pytest.mark.parametrize("command", commands())
def test_every_command_on_the_map_has_something_to_run(command: str):
    assert exists(command) or exists(f"{command}.py")


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)", TEXT))
def test_every_page_it_links_to_is_there(link: str):
    assert (ROOT / link).is_file()
