"""What each level sees of programs whose truth is known: nothing is invented, and misses are those known."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_mcp.recording.observation.strace import find_strace
from tests.recording.programs import PROGRAMS, Program
from tests.recording.truth_table import USUAL, observe

_names = [program.name for program in PROGRAMS]
# What other programs than Python read is not seen without strace, nor what C reads inside of Python.
_UNSEEN = {"starts a program that is not Python": {"read in.csv"}, "reads past Python, in C": {"read in.csv"}}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=_names)
def test_the_usual_levels_invent_nothing_and_see_all_that_is_written(
    program: Program, tmp_path: Path
) -> None:
    if not program.can_run:
        pytest.skip("no C compiler here")
    seen = observe(program, USUAL, _work(tmp_path))
    reads = {f"read {name}" for name in program.reads | program.code}
    assert seen.invented == frozenset()
    assert seen.missed == (_UNSEEN.get(program.name, set()) if program.kind == "Python" else reads)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=_names)
def test_strace_sees_everything_and_invents_nothing(program: Program, tmp_path: Path) -> None:
    if find_strace() is None:
        pytest.skip("strace is not installed here, or may not trace")
    if not program.can_run:
        pytest.skip("no C compiler here")
    seen = observe(program, frozenset({"strace"}), _work(tmp_path))
    assert (seen.missed, seen.invented) == (frozenset(), frozenset())


def _work(place: Path) -> Path:
    folder = place / "work"
    folder.mkdir()
    return folder
