"""``record --check``: a command does not run on inputs that are not fit, unless somebody says so."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command_line import CommandLine
from tests.recording.captures import captures_in, only_run


def test_a_command_on_unknown_inputs_is_not_run_where_nobody_can_be_asked(
    run: CommandLine, work: Path
) -> None:
    done = run("record", "--check", "--", "cp", "rain.csv", "copy.csv")
    assert done.returncode == 1
    assert "unknown" in done.stderr
    assert "not run" in done.stderr
    assert done.stdout == ""
    assert not (work / "copy.csv").exists()
    assert captures_in(work) == []


def test_it_runs_on_what_is_allowed(run: CommandLine, work: Path) -> None:
    done = run("record", "--check", "--allow", "unknown", "--", "cp", "rain.csv", "copy.csv")
    assert done.returncode == 0
    assert [file.name for file in only_run(work).outputs] == ["copy.csv"]


def test_it_does_not_run_where_the_check_cannot_be_made(run: CommandLine, work: Path) -> None:
    unreachable = {"PROVENA_DOMAIN": "provena.invalid", "PROVENA_REALM": "r", "PROVENA_ACCESS_TOKEN": "t"}
    done = run("record", "--check", "--", "cp", "rain.csv", "copy.csv", **unreachable)
    assert done.returncode in (3, 4)
    assert not (work / "copy.csv").exists()


def test_it_runs_and_says_so_where_no_input_is_known_beforehand(run: CommandLine, work: Path) -> None:
    done = run("record", "--check", "--", "true")
    assert done.returncode == 0
    assert "no inputs are known to check" in done.stderr
