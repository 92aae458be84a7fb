"""``provena-mcp draft``: what a person reads of it, and what it exits with."""

from __future__ import annotations

import json
from pathlib import Path

from provena_mcp.recording.capture_folder import stored_names
from tests.cli.command_line import CommandLine
from tests.crates import shapes
from tests.crates.entities import zipped
from tests.worlds.captured import ANSWERS, two_steps


def line(folder: Path) -> CommandLine:
    two_steps(folder / "captures")
    (folder / "answers.json").write_text(json.dumps(ANSWERS))
    store = {"PROVENA_STORE": str(folder / "store.sqlite3"), "PROVENA_CAPTURES": str(folder / "captures")}
    return CommandLine(folder, store)


def test_a_draft_shows_what_it_found_and_asks_and_exits_with_1(tmp_path: Path):
    told = line(tmp_path)("draft", "1-flow")
    lines = told.stdout.splitlines()
    assert (told.returncode, lines[:4]) == (
        1,
        [
            "flow.py  (1-flow)",
            "  template  Run of flow.py",
            "  input     rain.csv -> rain.csv (to be created)",
            "  output    flow.csv -> flow.csv (to be created)",
        ],
    )
    assert 'answer: {"datasets": {"dataset_info": {"license": "…"}}}' in told.stdout
    assert lines[-1].startswith("Nothing has been registered.")


def test_with_answers_it_registers_what_was_agreed_to_and_knows_it_afterwards(tmp_path: Path):
    run = line(tmp_path)
    drafted = run("draft", "1-flow", "--answers", "answers.json")
    registered = run("draft", "1-flow", "2-peak", "--answers", "answers.json", "--register", "--yes")
    again = run("draft", "1-flow")
    assert (drafted.returncode, drafted.stdout.splitlines()[-1]) == (
        0,
        "Nothing has been registered: --register does so, after asking.",
    )
    assert registered.returncode == 0
    assert "- an organisation: Reef Institute" in registered.stdout
    assert "Nothing has been registered" not in registered.stdout
    assert registered.stdout.splitlines()[-1] == "All 2 runs are registered."
    assert again.stdout.splitlines()[0].startswith("1-flow: registered as local/")


def test_of_many_runs_it_says_how_many_there_are(tmp_path: Path):
    run = line(tmp_path)
    for _ in range(4):
        run("record", "-q", "--observe", "declared", "-o", "answers.json", "--", "true")
    lines = run("draft", *stored_names(tmp_path / "captures")).stdout.splitlines()
    assert "6 runs in all: name fewer to see each of them" in lines


def test_a_crate_is_drafted_by_its_path_and_as_json(tmp_path: Path):
    (tmp_path / "run.zip").write_bytes(zipped({"ro-crate-metadata.json": shapes.by_hand()}))
    told = line(tmp_path)("draft", "run.zip", "--json")
    assert (told.returncode, json.loads(told.stdout)["runs"][0]["run"]["name"]) == (1, "Make it sepia")


def test_what_is_neither_a_capture_nor_a_file_and_answers_that_are_none_are_errors(tmp_path: Path):
    run = line(tmp_path)
    (tmp_path / "broken.json").write_text("[")
    (tmp_path / "table.csv").write_text("a,b\n")
    failed = [
        run("draft", *arguments)
        for arguments in (["nothing"], ["1-flow", "--answers", "broken.json"], ["table.csv"])
    ]
    assert [(each.returncode, each.stderr.splitlines()[0]) for each in failed] == [
        (2, "provena-mcp: 'nothing' is no capture and no file."),
        (2, "provena-mcp: 'broken.json' holds no JSON object of answers."),
        (2, "provena-mcp: This is no JSON, in which no runs are recorded."),
    ]


def test_the_sample_world_has_a_capture_to_draft_from(tmp_path: Path):
    told = CommandLine(tmp_path, {"PROVENA_STORE": str(tmp_path / "s.sqlite3")})("draft", "--sample")
    assert (told.returncode, told.stdout.splitlines()[0]) == (
        1,
        "mean_speed.py  (20250707T034000000Z-mean-speed-py-9b77c2)",
    )


def test_a_draft_with_something_wrong_in_it_exits_with_1_though_it_asks_nothing(tmp_path: Path):
    run = line(tmp_path)
    wrong = {**ANSWERS, "runs": {"*": {"study_id": "local/none"}}}
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    told = run("draft", "1-flow", "--answers", "wrong.json", "--register", "--yes")
    *_, wrong_with, _, last = told.stdout.splitlines()
    assert (told.returncode, wrong_with.partition(":")[0], last) == (
        1,
        "problem     runs[0].study_id",
        "Drafted; nothing has been registered. Something does not fit: see problems.",
    )
