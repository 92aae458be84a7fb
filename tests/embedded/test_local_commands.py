"""``provena-mcp local`` as people run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from provena_mcp.embedded.sources import sample_source
from tests.cli.command_line import CommandLine
from tests.worlds.small import chain, dataset, small_world


def command_line(folder: Path) -> CommandLine:
    """The command line in ``folder``, which is also the home of whoever runs it."""
    home = {"XDG_DATA_HOME": str(folder / "data"), "HOME": str(folder), "COLUMNS": "200"}
    return CommandLine(folder, home)


def _local(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of ``provena-mcp local`` run in ``folder``."""
    done = command_line(folder)("local", *arguments, **settings)
    return done.returncode, done.stdout, done.stderr


def _write(folder: Path, name: str, content: object) -> str:
    (folder / name).write_text(json.dumps(content))
    return name


def test_loading_says_what_it_did_on_stderr(tmp_path: Path) -> None:
    file = _write(tmp_path, "items.json", small_world())
    links = _write(tmp_path, "links.json", {"jane": "w/jane"})
    code, out, err = _local(tmp_path, "load", file, "--store", "s.sqlite3", "--links", links)
    assert (code, out) == (0, "")
    assert f"items.json -> {tmp_path / 's.sqlite3'}" in err
    assert "9 items loaded, 0 already there, 0 skipped; 2 runs and activities lodged." in err
    again = _local(tmp_path, "load", file, "--store", "s.sqlite3")
    assert "0 items loaded, 9 already there, 0 skipped; 0 runs and activities lodged." in again[2]


def test_skipped_items_are_named_and_the_exit_code_is_1(tmp_path: Path) -> None:
    bad = {**dataset("w/bad\x1b[31m"), "item_category": "AGENT"}
    file = _write(tmp_path, "items.json", [*small_world(), bad, 7])
    code, _, err = _local(tmp_path, "load", file, "--store", "s.sqlite3")
    assert code == 1
    assert "9 items loaded, 0 already there, 2 skipped" in err
    assert "item 9 (w/bad\ufffd[31m): item_category 'AGENT' does not go with DATASET" in err
    assert "item 10 (no id): not a JSON object" in err
    assert "\x1b" not in err


def test_locks_and_rights_of_a_registrys_dump_are_said(tmp_path: Path) -> None:
    bundles = [
        {
            "id": raw["id"],
            "item_payload": raw,
            "lock_payload": {"id": raw["id"], "locked": raw["id"] == "w/run"},
            "auth_payload": {"access_settings": {"owner": "jane", "general": [], "groups": {}}},
        }
        for raw in small_world()
    ]
    file = _write(tmp_path, "dump.json", {"status": {"success": True, "details": ""}, "items": bundles})
    code, _, err = _local(tmp_path, "load", file, "--store", "s.sqlite3")
    assert code == 0
    assert "9 items loaded" in err
    assert "Locked where they come from, here not: 1 item.\n  w/run\n" in err
    assert "Not for everybody where they come from, or for named groups: 9 items;" in err


def test_owners_without_a_person_and_waiting_runs_are_said(tmp_path: Path) -> None:
    world = [raw for raw in small_world() if raw["id"] not in ("w/wf", "w/jane")]
    code, _, err = _local(tmp_path, "load", _write(tmp_path, "items.json", world), "--store", "s.sqlite3")
    assert code == 0
    assert "w/run: the workflow template 'w/wf' is not in the registry" in err
    assert "No Person is known for 'jane'" in err


def test_the_store_is_the_one_named_by_the_setting_else_the_default(tmp_path: Path) -> None:
    file = _write(tmp_path, "items.json", small_world())
    _local(tmp_path, "load", file, PROVENA_STORE=str(tmp_path / "set.sqlite3"))
    assert (tmp_path / "set.sqlite3").is_file()
    assert _local(tmp_path, "load", file)[0] == 0
    assert [found.name for found in tmp_path.rglob("provena.sqlite3")] == ["provena.sqlite3"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("load", "gone.json"), "'gone.json' cannot be read: No such file or directory."),
        (("load", "text.txt"), "'text.txt' is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (("load", "--sample", "--store", "text.txt"), "is not an SQLite file."),
        (("load", "--sample", "--store", "gone/s.sqlite3"), "There is no directory"),
        (("load",), "name a file, or pass --sample."),
    ],
)
def test_failures_say_what_to_do_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "text.txt").write_text("hello")
    code, out, err = _local(tmp_path, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_exporting_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    code, out, err = _local(tmp_path, "export", "all.json", "--store", "typo.sqlite3")
    assert (code, out) == (2, "")
    assert "There is no store" in err
    assert list(tmp_path.glob("*")) == []


def test_an_export_goes_into_a_pipe_as_it_is(tmp_path: Path) -> None:
    file = _write(tmp_path, "items.json", small_world())
    assert _local(tmp_path, "load", file, "--store", "s.sqlite3")[0] == 0
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "pipe").read_text)
        code, out, _ = _local(tmp_path, "export", "pipe", "--force", "--store", "s.sqlite3")
        exported = json.loads(read.result(timeout=60))
    assert (code, out, len(exported["items"])) == (0, "", 9)
    assert (tmp_path / "pipe").is_fifo()


def test_an_export_goes_where_a_link_leads_and_leaves_the_link(tmp_path: Path) -> None:
    file = _write(tmp_path, "items.json", small_world())
    assert _local(tmp_path, "load", file, "--store", "s.sqlite3")[0] == 0
    (tmp_path / "there.json").write_text("what was there before, and longer than nothing")
    (tmp_path / "link").symlink_to("there.json")
    assert _local(tmp_path, "export", "link", "--force", "--store", "s.sqlite3")[0] == 0
    assert len(json.loads((tmp_path / "there.json").read_text())["items"]) == 9
    assert (tmp_path / "link").is_symlink()


def test_the_sample_world_goes_in_and_everything_comes_out(tmp_path: Path) -> None:
    store = ("--store", "s.sqlite3")
    assert _local(tmp_path, "load", "--sample", *store)[0] == 0
    code, out, err = _local(tmp_path, "export", "all.json", *store)
    source = sample_source()
    assert (code, out, err) == (0, "", f"{len(source.items)} items written to all.json.\n")
    assert len(json.loads((tmp_path / "all.json").read_text())["items"]) == len(source.items)
    code, _, err = _local(tmp_path, "export", "all.json", *store)
    assert code == 2
    assert "'all.json' exists already." in err


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_store_is_served_over_http_on_loopback_only_under_its_own_name(tmp_path: Path) -> None:
    file = _write(tmp_path, "items.json", chain(8))
    _local(tmp_path, "load", file, "--store", "s.sqlite3")
    port = _free_port()
    command = [sys.executable, "-m", "provena_mcp", "local", "serve", "--store", "s.sqlite3"]
    server = subprocess.Popen(
        [*command, "--port", str(port), "--depth-cap", "16"],
        cwd=tmp_path,
        env=command_line(tmp_path).environment(),
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            _wait_until_healthy(client)
            explored = client.get(
                "/prov-api/explore/special/contributing_datasets",
                params={"starting_id": "w/d8", "depth": 16},
            )
            who = client.get("/auth-api/link/user/lookup")
            rebound = client.get("/prov-api/", headers={"host": "evil.example.org"})
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert explored.json()["record_count"] == 17
    assert who.json() == {"person_id": "local/1000000", "success": True}
    assert rebound.status_code == 400


def _wait_until_healthy(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            client.get("/prov-api/").raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        else:
            return
