"""docs/architecture.md is true: what it names exists, and calls pass through the files it names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from mcp import Client

from tests.walks import PACKAGE, Walk, bearer, error, lineage, registration, walked

TEXT = (Path(__file__).parents[2] / "docs/architecture.md").read_text("utf-8")


def files_in(section: str) -> set[str]:
    """The modules that a section names."""
    text = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`((?:\w+/)*\w+\.py)`", text))


def passed(walk: Walk) -> set[str]:
    return {*walk.files, *walk.files_of_embedded}


def test_every_path_it_names_exists():
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*|\w+\.py)`", TEXT)) - {"provena_mcp/"}
    assert {path for path in named if not (PACKAGE / path).exists()} == set()
    assert len(named) > 50


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("section", "walk"),
    [("A lineage question", lineage), ("A registration", registration), ("An error", error)],
)
async def test_a_call_passes_the_files_that_its_flow_names(
    section: str, walk: Callable[[Client], Awaitable[None]], tmp_path: Path
):
    assert files_in(section) - passed(await walked(walk, tmp_path)) == set()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_bearers_call_passes_the_files_that_its_flow_names(tmp_path: Path):
    assert files_in("A bearer") - passed(await bearer(tmp_path)) == set()
