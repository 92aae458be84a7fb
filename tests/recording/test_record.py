"""``provena-mcp record``: the command is untouched, and what is written down of it is true."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from provena_mcp.cli.record_arguments import OPTIONS
from provena_mcp.crates.terms import METADATA
from provena_mcp.errors import FileRefusedError
from provena_mcp.recording.command import Wishes, record_command
from provena_mcp.recording.observation.observer import Plan
from tests.cli.command_line import CommandLine
from tests.recording.captures import captures_in, named, only_run

PYTHON = sys.executable


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_run_is_captured_with_its_files_its_program_and_its_end(run: CommandLine, work: Path) -> None:
    (work / "model.py").write_text('open("flow.txt", "w").write(open("rain.csv").read() * 2)\n')
    done = run("record", "--name", "Flow 2020", "--", PYTHON, "model.py")
    captured = only_run(work)
    assert done.returncode == 0
    assert "captured completed run in .provena/captures/" in done.stderr
    assert (captured.name, captured.status, captured.exit_code) == ("Flow 2020", "completed", 0)
    assert captured.command == f"{PYTHON} model.py"
    assert captured.started is not None
    assert captured.ended is not None
    assert captured.started <= captured.ended
    assert named(captured.inputs) == {"rain.csv": _sha256(b"a,b\n1,2\n")}
    assert named(captured.outputs) == {"flow.txt": _sha256(b"a,b\n1,2\n" * 2)}
    assert captured.software[0].name == "model.py"
    assert captured.observed == ("declared", "watched", "python")


def test_the_exit_code_of_a_failed_run_is_its_own_and_the_capture_says_failed(
    run: CommandLine, work: Path
) -> None:
    done = run("record", "--", PYTHON, "-c", 'open("half.txt", "w").write("x"); raise SystemExit(7)')
    captured = only_run(work)
    assert done.returncode == 7
    assert (captured.status, captured.exit_code, captured.error) == ("failed", 7, "exit code 7")
    assert list(named(captured.outputs)) == ["half.txt"]


def test_a_run_killed_by_a_signal_ends_us_by_the_same_signal(run: CommandLine, work: Path) -> None:
    done = run.process("record", "--", "sh", "-c", "kill -TERM $$")
    captured = only_run(work)
    assert done.returncode == -signal.SIGTERM
    assert (captured.status, captured.exit_code, captured.error) == ("failed", 143, "killed by SIGTERM")


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [("no-such-command", 127, "There is no command"), ("./rain.csv", 126, "may not be executed")],
)
def test_what_cannot_be_run_is_said_as_shells_do_and_leaves_no_capture(
    run: CommandLine, work: Path, command: str, code: int, words: str
) -> None:
    done = run("record", "--", command)
    assert done.returncode == code
    assert words in done.stderr
    assert captures_in(work) == []


def test_a_declared_input_that_is_not_there_stops_before_the_command(run: CommandLine, work: Path) -> None:
    done = run("record", "-i", "rian.csv", "--", "touch", "ran")
    assert (done.returncode, done.stderr) == (
        2,
        "provena-mcp: The input 'rian.csv' is not there.\nCheck its path.\n",
    )
    assert not (work / "ran").exists()


def test_declared_files_are_listed_whatever_is_seen(run: CommandLine, work: Path) -> None:
    (work / "forcing").mkdir()
    for name in ("u.bin", "v.bin"):
        (work / "forcing" / name).write_text(name)
    run("record", "--observe", "declared", "-i", "forcing", "-o", "flow.txt", "-o", "gone.txt", "--",
        "sh", "-c", "cat forcing/* > flow.txt")  # fmt: skip
    captured = only_run(work)
    assert list(named(captured.inputs)) == ["forcing/u.bin", "forcing/v.bin"]
    assert list(named(captured.outputs)) == ["flow.txt"]
    assert captured.observed == ("declared",)
    assert f"Declared, but not there after the run: {work}/gone.txt." in _metadata(work)


def test_an_input_rewritten_in_place_is_kept_as_it_was_and_as_it_is(run: CommandLine, work: Path) -> None:
    run("record", "-i", "rain.csv", "--", "sh", "-c", "echo 3,4 >> rain.csv")
    captured = only_run(work)
    assert named(captured.inputs) == {"rain.csv": _sha256(b"a,b\n1,2\n")}
    assert named(captured.outputs) == {"rain.csv": _sha256(b"a,b\n1,2\n3,4\n")}
    assert captured.inputs[0].id != captured.outputs[0].id


def test_an_input_that_the_run_removes_keeps_its_hash(run: CommandLine, work: Path) -> None:
    run("record", "-i", "rain.csv", "--", "sh", "-c", "mv rain.csv used.csv")
    captured = only_run(work)
    assert named(captured.inputs) == {"rain.csv": _sha256(b"a,b\n1,2\n")}
    assert "It was gone after the run" in (captured.inputs[0].description or "")
    assert named(captured.outputs) == {"used.csv": _sha256(b"a,b\n1,2\n")}


def test_secrets_are_masked_by_name_and_by_shape(run: CommandLine, work: Path) -> None:
    secrets = {
        "hunter2hunter2": ["--password", "hunter2hunter2"],
        "tok-1234": ["--api-key=tok-1234"],
        "s3cr3t": ["https://me:s3cr3t@example.org/data.nc"],
        "ghp_" + "a1B2" * 9: ["ghp_" + "a1B2" * 9],
        "AKIAIOSFODNN7EXAMPLE": ["AKIAIOSFODNN7EXAMPLE"],
        "topsecret": ["DB_PASSWORD=topsecret"],
        "bearerbearerbearer": ["-H", "Authorization: Bearer bearerbearerbearer"],
    }
    arguments = [argument for given in secrets.values() for argument in given]
    run("record", "--env", "MY_TOKEN", "--env", "CASE", "--", "true", *arguments, "--year", "2020",
        MY_TOKEN="from-the-environment", CASE="baseline")  # fmt: skip
    text = _metadata(work)
    assert [secret for secret in (*secrets, "from-the-environment") if secret in text] == []
    assert "--year 2020" in text
    assert '"value": "baseline"' in text


def test_neither_the_host_nor_variables_are_kept_unless_asked_for(run: CommandLine, work: Path) -> None:
    run("record", "--", "true", CASE="baseline")
    assert "baseline" not in _metadata(work)
    assert '"host"' not in _metadata(work)
    run("record", "--host", "--", "true")
    assert f'"value": "{socket.gethostname()}"' in (captures_in(work)[-1] / METADATA).read_text()


def test_what_is_no_file_is_named_and_nothing_waits_for_it(run: CommandLine, work: Path) -> None:
    os.mkfifo(work / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(work / "socket"))
    (work / "loop").symlink_to("loop")
    done = run("record", "-i", "pipe", "-i", "socket", "-i", "loop", "-i", "/proc/self/status", "--", "true")
    listener.close()
    problems = {file.name: file.description for file in only_run(work).inputs}
    assert done.returncode == 0
    assert problems["pipe"] == "Seen by: declared. No hash: not a file but a pipe."
    assert problems["socket"] == "Seen by: declared. No hash: not a file but a socket."
    assert "No hash: it cannot be read" in (problems["loop"] or "")


def test_names_that_are_no_text_are_addressed_by_their_bytes(run: CommandLine, work: Path) -> None:
    run("record", "--", "sh", "-c", "printf x > \"$(printf 'caf\\351.txt')\"")
    (made,) = only_run(work).outputs
    assert made.name == "caf\ufffd.txt"
    assert (made.url or "").endswith("/caf%E9.txt")


def test_large_files_are_not_hashed_beyond_what_was_asked(run: CommandLine, work: Path) -> None:
    done = run("record", "--hash-up-to", "1M", "--", "truncate", "-s", "50G", "big.nc")
    (made,) = only_run(work).outputs
    assert (made.size, made.sha256) == (50 * 1024**3, None)
    assert "No hash of" in done.stderr
    assert "larger than 1,000,000 bytes" in done.stderr


@pytest.mark.slow
def test_ten_thousand_written_files_are_all_kept(run: CommandLine, work: Path) -> None:
    write = "for n in range(10_000): open(f'out/{n}.txt', 'w').write(str(n))"
    (work / "out").mkdir()
    run("record", "-o", "out", "--", sys.executable, "-c", write)
    made = only_run(work).outputs
    assert {each.name for each in made} == {f"out/{number}.txt" for number in range(10_000)}
    assert all(each.sha256 for each in made)


def test_processes_that_outlive_the_command_are_counted_not_waited_for(run: CommandLine, work: Path) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("only Linux tells of other processes' environment")
    done = run("record", "--", "sh", "-c", "sleep 30 > /dev/null 2>&1 & echo $! > sleeper")
    os.kill(int((work / "sleeper").read_text()), signal.SIGKILL)
    assert done.returncode == 0
    assert "1 of its processes outlived the command" in _metadata(work)


def test_a_clock_that_is_set_during_the_run_is_said(work: Path) -> None:
    from provena_mcp.recording.command import Wishes, record_command
    from provena_mcp.recording.observation.observer import Plan

    times = iter([1_000.0, 1_000.0, 500.0])
    done = record_command(["true"], Plan(str(work)), Wishes(), clock=lambda: next(times))
    assert done.capture.ended is not None
    assert done.capture.ended >= done.capture.started
    assert done.capture.not_observed[-1].startswith("The clock was set by -50")


def test_captures_go_where_they_are_asked_to_and_are_ignored_by_git(run: CommandLine, work: Path) -> None:
    run("record", "--", "true")
    assert (work / ".provena" / ".gitignore").read_text().endswith("*\n")
    run("record", "--", "true", PROVENA_CAPTURES=str(work / "elsewhere"))
    assert len(list(work.glob(f"elsewhere/*/{METADATA}"))) == 1


def test_a_folder_that_cannot_be_written_is_said_before_the_command_runs(
    run: CommandLine, work: Path
) -> None:
    (work / "file").write_text("")
    done = run("record", "--", "touch", "ran", PROVENA_CAPTURES=str(work / "file" / "captures"))
    assert done.returncode == 2
    assert "The capture cannot be written" in done.stderr
    assert not (work / "ran").exists()


def test_a_capture_that_cannot_be_finished_leaves_the_command_its_exit_code(
    run: CommandLine, work: Path
) -> None:
    done = run("record", "--quiet", "--", "sh", "-c", "rm -r captures; touch captures; exit 7",
               PROVENA_CAPTURES=str(work / "captures"))  # fmt: skip
    assert done.returncode == 7
    assert re.match(
        r"provena-mcp: the capture in captures/\S+ stays unfinished: The capture cannot be written to ",
        done.stderr,
    )


def test_a_declared_folder_of_too_many_files_stops_the_command_only_as_its_input(work: Path) -> None:
    many = "mkdir out; for name in a b c; do touch out/$name; done; exit 7"
    plan = Plan(str(work), outputs=("out",), levels=frozenset({"declared"}), most_files=2)
    done = record_command(["sh", "-c", many], plan, Wishes())
    assert (done.ended.code, done.problem, done.capture.state) == (7, None, "failed")
    said = f"The output '{work}/out' holds more than 2 files: as declared, none is listed."
    assert done.capture.not_observed.count(said) == 1
    with pytest.raises(FileRefusedError, match=r"The input .*/out' holds more than 2 files"):
        record_command(["touch", "ran"], replace(plan, inputs=("out",)), Wishes())
    assert not (work / "ran").exists()


def test_a_program_whose_name_is_no_text_is_run_and_captured(work: Path) -> None:
    name = os.fsdecode(b"mod\xe8le.sh")
    (work / name).write_text("touch ran\n")
    done = record_command(["sh", name], Plan(str(work)), Wishes())
    assert (done.ended.code, (work / "ran").exists()) == (0, True)
    assert (only_run(work).name, only_run(work).software[0].name) == ("mod\ufffdle.sh", "mod\ufffdle.sh")


def test_the_quick_reader_of_the_line_knows_every_option_that_help_names(run: CommandLine) -> None:
    told = run("record", "--help").stdout
    assert set(re.findall(r"^│ --([\w-]+)", told, re.MULTILINE)) == OPTIONS | {"help"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--observe", "all", "--", "true"], "--observe 'all' is no level."),
        (["--hash-up-to", "much", "--", "true"], "--hash-up-to 'much' is no size."),
        (["--nmae", "x", "--", "true"], "No such option: --nmae"),
        (["--name", "x"], "Missing argument"),
    ],
)
def test_a_line_that_cannot_be_meant_says_what_is_wrong_with_it(
    run: CommandLine, line: list[str], words: str
) -> None:
    done = run("record", *line)
    assert done.returncode == 2
    assert words in done.stderr


def _metadata(work: Path) -> str:
    (capture,) = captures_in(work)
    return (capture / METADATA).read_text("utf-8")


@pytest.mark.parametrize("captures", ["captures", "."])
def test_a_capture_is_no_output_of_the_run_wherever_it_lies(work: Path, captures: str) -> None:
    wishes = Wishes(captures=str(work / captures))
    for _ in range(2):
        done = record_command(["sh", "-c", "date +%N > out.txt"], Plan(str(work), outputs=(".",)), wishes)
    outputs = [file.path for file in done.capture.files if file.role == "output"]
    assert str(work / "out.txt") in outputs
    assert not [path for path in outputs if path.startswith(str(done.folder))]
    if captures != ".":
        assert not [path for path in outputs if path.startswith(str(work / captures) + "/")]
