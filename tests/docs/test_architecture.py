"""docs/architecture.md is true: what it names exists, and calls pass through the files it names."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

import provena_mcp
from tests.worlds.sample import call, failure, sample_client

ROOT = Path(__file__).parents[2]
PACKAGE = Path(provena_mcp.__file__).parent
TEXT = (ROOT / "docs/architecture.md").read_text("utf-8")
RECORD = {
    "workflow_template_id": "sample/1000011",
    "display_name": "Currents, again",
    "description": "The same once more.",
    "model_version": "3.0",
    "inputs": [
        {"dataset_template_id": "sample/1000007", "dataset_id": "sample/1000039"},
        {"dataset_template_id": "sample/1000008", "dataset_id": "sample/1000072"},
    ],
    "outputs": [{"dataset_template_id": "sample/1000010", "dataset_id": "sample/1000074"}],
    "annotations": {"scenario": "hindcast", "grid_resolution": "1 km"},
    "associations": {"modeller_id": "sample/1000005"},
    "start_time": 1_742_000_000,
    "end_time": 1_742_003_600,
}


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def files_in(text: str) -> set[str]:
    """The modules that a text names."""
    return set(re.findall(r"`((?:\w+/)*\w+\.py)`", text))


@contextmanager
def files_passed() -> Iterator[set[str]]:
    """The package's files of which a function is called meanwhile, in any thread."""
    passed: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(str(PACKAGE)):
            passed.add(Path(file).relative_to(PACKAGE).as_posix())

    before = sys.getprofile()
    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield passed
    finally:
        sys.setprofile(before)
        threading.setprofile(before)


def test_every_path_it_names_exists():
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*|\w+\.py)`", TEXT)) - {"provena_mcp/"}
    assert {path for path in named if not (PACKAGE / path).exists()} == set()
    assert len(named) > 50


@pytest.mark.asyncio
async def test_a_lineage_question_passes_the_files_named(tmp_path: Path):
    with files_passed() as passed:
        async with sample_client(tmp_path) as client:
            await call(client, "explore_upstream", starting_id="sample/1000117", depth=3)
    assert files_in(section("A lineage question")) - passed == set()


@pytest.mark.asyncio
async def test_a_registration_passes_the_files_named(tmp_path: Path):
    with files_passed() as passed:
        async with sample_client(tmp_path) as client:
            preview = await call(client, "register_model_run", record=RECORD)
            done = await call(client, "register_model_run", reference=preview["reference"], confirm=True)
    assert done["status"] == "succeeded"
    assert files_in(section("A registration")) - passed == set()


@pytest.mark.asyncio
async def test_an_error_passes_the_files_named(tmp_path: Path):
    with files_passed() as passed:
        async with sample_client(tmp_path) as client:
            error = await failure(client, "explore_upstream", starting_id="sample/9")
    assert error["kind"] == "NotFound"
    assert files_in(section("An error")) - passed == set()
