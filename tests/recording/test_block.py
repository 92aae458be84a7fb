"""``with capture(...)``: a block of Python is captured as a command is, in a script or a notebook."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provena_mcp.errors import FileRefusedError
from provena_mcp.recording import capture
from tests.recording.captures import captures_in, named, only_run


@pytest.fixture
def here(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of work, and the process in it."""
    monkeypatch.chdir(work)
    monkeypatch.delenv("PROVENA_CAPTURES", raising=False)
    return work


def test_what_a_block_opens_is_captured_and_what_comes_before_and_after_is_not(here: Path) -> None:
    (here / "before.csv").write_text("earlier")
    with capture("Fit") as ongoing:
        text = (here / "rain.csv").read_text()
        (here / "fit.txt").write_text(text.upper())
    (here / "after.txt").write_text("later")
    captured = only_run(here)
    assert captures_in(here) == [ongoing.folder]
    assert (captured.name, captured.status, captured.exit_code) == ("Fit", "completed", None)
    assert list(named(captured.inputs)) == ["rain.csv"]
    assert named(captured.outputs) == {"fit.txt": hashlib.sha256(b"A,B\n1,2\n").hexdigest()}


def test_a_block_that_fails_is_captured_as_failed_and_still_fails(here: Path) -> None:
    def fit() -> None:
        with capture("Fit"):
            (here / "half.txt").write_text("half")
            raise ValueError("no convergence with password=hunter2")

    with pytest.raises(ValueError, match="no convergence"):
        fit()
    captured = only_run(here)
    assert (captured.status, captured.error) == (
        "failed",
        "ValueError: no convergence with password=[masked]",
    )
    assert list(named(captured.outputs)) == ["half.txt"]


def test_what_a_block_raises_is_not_replaced_by_what_keeps_its_capture_from_being_finished(
    here: Path,
) -> None:
    def fit() -> None:
        with capture("Fit", folder="captures"):
            shutil.rmtree("captures")
            Path("captures").touch()
            raise ValueError("no convergence")

    with pytest.raises(ValueError, match="no convergence") as raised:
        fit()
    (note,) = raised.value.__notes__
    assert note.startswith("The capture of this block stays unfinished: The capture cannot be written to ")


def test_files_that_cannot_be_seen_are_declared_before_or_on_the_way(here: Path) -> None:
    with capture(inputs=["rain.csv"], outputs=["flow.nc"], watch=["nothing-here"]) as ongoing:
        os.system("cp rain.csv flow.nc; cp rain.csv more.nc; cp rain.csv seen.csv")
        ongoing.reads("seen.csv")
        ongoing.writes("more.nc")
    captured = only_run(here)
    assert set(named(captured.inputs)) == {"rain.csv", "seen.csv"}
    assert set(named(captured.outputs)) == {"flow.nc", "more.nc"}


def test_a_declared_input_that_is_not_there_is_said_before_anything_happens(here: Path) -> None:
    with pytest.raises(FileRefusedError, match="is not there"), capture(inputs=["none.csv"]):
        pytest.fail("the block ran")
    assert captures_in(here) == []


def test_captures_one_after_another_and_inside_each_other_keep_apart(here: Path) -> None:
    with capture("outer"):
        with capture("inner"):
            (here / "inner.txt").write_text("x")
        (here / "outer.txt").write_text("x")
    with capture("later"):
        pass
    assert len(captures_in(here)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")
def test_captures_leave_neither_open_files_nor_listeners_behind(here: Path) -> None:
    script = here / "many.py"
    script.write_text(
        "import os, sys\n"
        "from provena_mcp.recording import capture\n"
        "hooks = []\n"
        "def note(event, arguments):\n"
        "    if event == 'sys.addaudithook':\n"
        "        hooks.append(event)\n"
        "sys.addaudithook(note)\n"
        "def once():\n"
        "    with capture('many', watch=['nothing-here']):\n"
        "        open('seen.txt', 'w').close()\n"
        "    return len(os.listdir('/proc/self/fd'))\n"
        "print(once() == once() == once(), len(hooks))\n"
    )
    done = subprocess.run([sys.executable, script.name], capture_output=True, text=True, check=True)
    assert done.stdout == "True 1\n"
