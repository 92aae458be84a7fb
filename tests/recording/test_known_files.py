"""Files are known again by what they hold: from captures, from registered runs, at every door."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.crates.terms import METADATA
from provena_mcp.recording.capture_folder import note_registration
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.server.build import build_server
from tests.cli.command_line import CommandLine
from tests.recording.captures import captures_in
from tests.worlds import small
from tests.worlds.sample import call, failure, world_client
from tests.worlds.settings import settings_with

_FLOW = hashlib.sha256(b"flow\n").hexdigest()
_RAIN = hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def _world(**of_output: Any) -> list[Any]:
    """A run that keeps the hashes of what it read and wrote; ``of_output`` is of the dataset it made."""
    run = small.model_run("w/run", ["w/a"], ["w/b"], 10)
    run["record"]["annotations"] = {
        f"sha256:{_RAIN}": "input rain.csv in w/a",
        f"sha256:{_FLOW}": "output flow.txt in w/b",
    }
    later = small.model_run("w/later", ["w/b"], [], 20)
    datasets = [small.dataset("w/a", release_status="RELEASED"), small.dataset("w/b", **of_output)]
    return [*small.furniture(), *datasets, run, later]


@pytest.fixture
def server_here(work: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server's working folder, in which files may be read."""
    monkeypatch.chdir(work)
    return work


@pytest.mark.asyncio
async def test_a_file_is_known_by_the_registered_run_that_made_it(server_here: Path, tmp_path: Path) -> None:
    (server_here / "renamed.txt").write_text("flow\n")
    world = _world(versioning_info={"version": 1, "next_version": "w/b2"})
    async with world_client(tmp_path, world, toolsets="recording") as client:
        found = await call(client, "identify_file", file="renamed.txt")
    assert found == {
        "file": "renamed.txt",
        "sha256": _FLOW,
        "size": 5,
        "known": True,
        "captures": [],
        "registered": [
            {
                "run": {"id": "w/run", "name": "Model_Run w/run"},
                "role": "output",
                "file_name": "flow.txt",
                "dataset": {
                    "id": "w/b",
                    "name": "Dataset w/b",
                    "version": 1,
                    "superseded_by": "w/b2",
                    "release_status": "NOT_RELEASED",
                    "used_by": [{"id": "w/later", "name": "Model_Run w/later"}],
                    "used_by_count": 1,
                },
            }
        ],
        "looked_through": "0 captures, 2 registered runs",
        "complete": True,
    }


@pytest.mark.asyncio
async def test_many_inputs_are_told_with_their_problems_first_and_counted(tmp_path: Path) -> None:
    hashes = [_RAIN, *(hashlib.sha256(b"%d" % number).hexdigest() for number in range(300))]
    async with world_client(tmp_path, _world(), toolsets="recording", local=False) as client:
        checked = await call(client, "check_inputs", files=hashes)
    assert (checked["input_count"], checked["counts"]) == (301, {"unknown": 300})
    assert 10 < len(checked["inputs"]) < 301
    assert all(each["problems"] for each in checked["inputs"])
    assert estimate_tokens(json.dumps(checked, separators=(",", ":"))) <= 4_000


@pytest.mark.asyncio
async def test_a_server_of_many_users_knows_files_by_their_hash_only(tmp_path: Path) -> None:
    async with world_client(tmp_path, _world(), toolsets="recording", local=False) as client:
        by_hash = await call(client, "identify_file", file=f"sha256:{_FLOW.upper()}")
        refused = await failure(client, "identify_file", file="flow.txt")
        checked = await failure(client, "check_inputs", capture="any")
    assert [use["run"]["id"] for use in by_hash["registered"]] == ["w/run"]
    assert refused["message"] == "'flow.txt' is not a SHA-256."
    assert checked["message"] == "This server cannot see your captures."


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.txt", "link.txt", "none.txt"])
async def test_no_file_outside_of_the_folders_is_looked_at(
    server_here: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside.txt").write_text("x")
    (server_here / "link.txt").symlink_to(tmp_path / "outside.txt")
    async with world_client(tmp_path, _world(), toolsets="recording") as client:
        refused = await failure(client, "identify_file", file=path)
    assert refused["fault"] == "operator"
    assert str(server_here) in refused["next"]


@pytest.mark.asyncio
async def test_inputs_are_checked_each_by_what_is_wrong_with_it(server_here: Path, tmp_path: Path) -> None:
    (server_here / "flow.txt").write_text("flow\n")
    (server_here / "new.csv").write_text("new")
    (server_here / "forcing").mkdir()
    (server_here / "forcing" / "rain.csv").write_text("other rain")
    world = _world(versioning_info={"version": 1, "next_version": "w/b2"})
    async with world_client(tmp_path, world, toolsets="recording") as client:
        checked = await call(
            client, "check_inputs", files=["rain.csv", "flow.txt", "new.csv", "forcing/rain.csv"]
        )
    assert not checked["fine"]
    assert checked["counts"] == {"changed": 1, "unknown": 2, "superseded": 1, "unreleased": 1}
    assert [(each["file"], list(each["problems"])) for each in checked["inputs"]] == [
        ("rain.csv", []),
        ("flow.txt", ["superseded", "unreleased"]),
        ("new.csv", ["unknown"]),
        ("forcing/rain.csv", ["changed", "unknown"]),
    ]


@pytest.mark.asyncio
async def test_conditions_of_use_and_datasets_that_are_gone_are_problems_too(tmp_path: Path) -> None:
    world = _world()
    rain, run = world[-4], world[-2]
    rain["collection_format"]["dataset_info"]["usage_limitations"] = "No resale"
    rain["collection_format"]["approvals"] = {"ethics_access": {"relevant": True, "obtained": False}}
    run["record"]["annotations"] = {
        f"sha256:{_RAIN}": "input rain.csv in w/a",
        f"sha256:{_FLOW}": "output flow.txt in w/gone",
    }
    async with world_client(tmp_path, world, toolsets="recording", local=False) as client:
        checked = await call(client, "check_inputs", files=[_RAIN, _FLOW])
    assert [list(each["problems"]) for each in checked["inputs"]] == [["restricted"], ["unreadable"]]
    assert checked["inputs"][0]["problems"]["restricted"] == (
        "w/a: limits: No resale; no approval yet for ethics access"
    )


def test_what_a_capture_wrote_is_told_with_its_run_until_and_after_it_is_registered(
    run: CommandLine, work: Path
) -> None:
    run("record", "--name", "First step", "--", "sh", "-c", "echo flow > flow.txt")
    (capture,) = captures_in(work)
    before = run("identify", "flow.txt")
    note_registration(capture, "w/run")
    after = json.loads(run("identify", "--json", "flow.txt").stdout)
    assert before.returncode == 0
    assert "written by the completed run 'First step'" in before.stdout
    assert after["captures"] == [
        {
            "capture": capture.name,
            "was": "written",
            "path": str(work / "flow.txt"),
            "run": "First step",
            "started": after["captures"][0]["started"],
            "status": "completed",
            "registered_as": "w/run",
        }
    ]


def test_a_file_that_changed_since_a_capture_is_told_so(run: CommandLine, work: Path) -> None:
    run("record", "--", "sh", "-c", "echo flow > flow.txt")
    (work / "flow.txt").write_text("by hand")
    found = json.loads(run("identify", "--json", "flow.txt").stdout)
    assert not found["known"]
    assert f"it was sha256 {_FLOW}; it holds something else now." in found["changed"]
    shown = " ".join(run("identify", "flow.txt").stdout.split())
    assert "not known: no capture and no registered run has this content changed: When" in shown
    assert run("identify", "flow.txt").returncode == 1


def test_a_capture_edited_by_hand_is_told_so(run: CommandLine, work: Path) -> None:
    run("record", "--", "sh", "-c", "echo flow > flow.txt")
    (capture,) = captures_in(work)
    text = (capture / METADATA).read_text()
    (capture / METADATA).write_text(text.replace('"exit code"', '"exit  code"'))
    (use,) = json.loads(run("identify", "--json", "flow.txt").stdout)["captures"]
    assert use["edited"] is True


def test_an_index_that_is_damaged_or_out_of_date_costs_nothing_but_time(run: CommandLine, work: Path) -> None:
    run("record", "--", "sh", "-c", "echo flow > flow.txt")
    first = run("identify", "--json", "flow.txt").stdout
    (work / ".provena/captures/.index.json").write_text('{"format": 1, "captures": [')
    again = run("identify", "--json", "flow.txt").stdout
    (capture,) = captures_in(work)
    (capture / METADATA).write_text("{")
    damaged = json.loads(run("identify", "--json", "flow.txt").stdout)
    assert first == again
    assert damaged["captures"] == []


def test_the_inputs_of_a_capture_are_checked_as_they_were_and_are_now(run: CommandLine, work: Path) -> None:
    run("record", "-i", "rain.csv", "--", "true")
    (capture,) = captures_in(work)
    (work / "rain.csv").write_text("changed since")
    done = run("check", "--capture", capture.name, "--json")
    (checked,) = json.loads(done.stdout)["inputs"]
    assert done.returncode == 1
    assert checked["sha256"] == _RAIN
    assert checked["problems"] == {
        "changed": "It has changed since the run.",
        "unknown": "No registered run keeps its hash, and no capture wrote it.",
    }


@pytest.mark.slow
def test_a_check_exits_by_what_is_allowed_and_never_well_when_it_could_not_be_made(
    run: CommandLine, work: Path
) -> None:
    assert run("check", "rain.csv").returncode == 1
    assert run("check", "--allow", "unknown", "rain.csv").returncode == 0
    assert run("check", "none.csv").returncode == 2
    assert run("check").returncode == 2
    unreachable = {"PROVENA_DOMAIN": "provena.invalid", "PROVENA_REALM": "r", "PROVENA_ACCESS_TOKEN": "t"}
    assert run("check", "rain.csv", **unreachable).returncode in (3, 4)


def test_recording_is_switched_on_by_its_toolset_and_told_of_where_it_is_off(tmp_path: Path) -> None:
    default = build_server(settings_with(store=tmp_path / "store.sqlite3"))
    assert "PROVENA_TOOLSETS=default,recording" in (default.instructions or "")
    chosen = build_server(settings_with(store=tmp_path / "store.sqlite3", toolsets="default,recording"))
    assert "PROVENA_TOOLSETS" not in (chosen.instructions or "")
