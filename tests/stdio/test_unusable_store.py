"""A store that cannot be used: the server starts, and every call says what is wrong and what to do."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from mcp import Client

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.server.build import build_server
from provena_mcp.server.shared.encryption import Seal
from provena_mcp.server.shared.sqlite_store import SqliteStore
from tests.worlds.deployment import a_record
from tests.worlds.sample import call, error_of, failure
from tests.worlds.settings import settings_with

OTHER = "ame another file with --store or PROVENA_STORE"


def damaged(folder: Path) -> Path:
    path = folder / "damaged.sqlite3"
    Store(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    return path


def damaged_inside(folder: Path) -> Path:
    """All but the table of items is readable, so that it opens and its items can be counted."""
    path = folder / "inside.sqlite3"
    store = Store(path)
    load_items(store, sample_source())
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        size, root = (
            connection.execute(question).fetchone()[0]
            for question in ("PRAGMA page_size", "SELECT rootpage FROM sqlite_master WHERE name = 'item'")
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xff" * size
    path.write_bytes(content)
    return path


def foreign(folder: Path) -> Path:
    path = folder / "foreign.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE somebody (elses TEXT)")
    connection.close()
    return path


def newer(folder: Path) -> Path:
    path = folder / "newer.sqlite3"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    return path


def long(folder: Path) -> Path:
    return folder / ("a" * 300)


def in_no_folder(folder: Path) -> Path:
    return folder / "no" / "such" / "folder" / "store.sqlite3"


def filled(folder: Path) -> Path:
    path = folder / "filled.sqlite3"
    store = Store(path)
    load_items(store, sample_source())
    store.close()
    return path


def breaks(path: Path, when: str) -> None:
    """Have the store's file fail at the statements that ``when`` names, as a full disk makes it fail."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TRIGGER full {when} BEGIN SELECT RAISE(ABORT, 'disk full'); END")


def folder_of_that_name(folder: Path) -> Path:
    path = folder / "store"
    path.mkdir()
    return path


def pipe(folder: Path) -> Path:
    path = folder / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("make", "reason", "advice"),
    [
        (damaged, "is damaged", OTHER),
        (foreign, "is an SQLite file of another program", OTHER),
        (newer, "has schema version 9999", "Upgrade provena-mcp"),
        (long, "cannot be opened: File name too long", OTHER),
        (in_no_folder, "There is no directory", "Create it"),
        (folder_of_that_name, "is no file, but a folder", OTHER),
        (pipe, "is no file, but a pipe or a socket", OTHER),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_every_call_says_what_is_wrong_with_the_store_and_what_to_do(
    tmp_path: Path, make: Callable[[Path], Path], reason: str, advice: str
):
    path = make(tmp_path)
    async with Client(build_server(settings_with(store=path, output_dir="off"))) as client:
        errors = [
            error_of(await client.call_tool(tool, arguments))
            for tool, arguments in (
                ("list_items", {"limit": 1}),
                ("explore_upstream", {"starting_id": "x/1"}),
                ("search_items", {"query": "reef"}),
            )
        ]
        health = await call(client, "get_health_check")
    for error in errors:
        assert (error["kind"], error["fault"], error["retry"]) == ("Store", "operator", "no")
        assert reason in error["message"]
        assert advice in error["next"]
    assert reason in health["provena"]["advice"]
    assert reason in health["services"]["registry"]


def test_a_device_named_as_a_store_keeps_its_rights():
    controller, terminal = os.openpty()
    device = Path(os.ttyname(terminal))
    try:
        device.chmod(0o666)
        with pytest.raises(StoreError) as refused:
            Store(device)
        with pytest.raises(StoreError) as shared:
            SqliteStore(device, Seal(("a-key-of-some-length",), "test"), lambda: 0.0)
        mode = stat.S_IMODE(device.stat().st_mode)
    finally:
        os.close(controller)
        os.close(terminal)
    assert (refused.value.message, mode) == (f"The store '{device}' is no file, but a device.", 0o666)
    assert "no regular file" in shared.value.message


@pytest.mark.asyncio
async def test_damage_inside_a_store_is_told_where_it_is_met(tmp_path: Path):
    path = damaged_inside(tmp_path)
    async with Client(build_server(settings_with(store=path, output_dir="off"))) as client:
        told = await failure(client, "list_items", subtype="DATASET")
    assert told == {
        "message": f"The store '{path}' is damaged.",
        "kind": "Store",
        "fault": "operator",
        "retry": "no",
        "next": f"Restore it from a copy, or n{OTHER} and fill it again.",
    }


@pytest.mark.asyncio
async def test_a_store_in_memory_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    settings = settings_with(store=Path(":memory:"), output_dir="off")
    async with Client(build_server(settings)) as client:
        assert (await call(client, "list_items", subtype="MODEL_RUN"))["items"] == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_a_store_that_fails_while_it_is_written_leaves_a_change_in_doubt(tmp_path: Path):
    path = filled(tmp_path)
    async with Client(build_server(settings_with(store=path, output_dir="off"))) as client:
        shown = await call(client, "register_model_run", record=a_record())
        breaks(path, "BEFORE INSERT ON job")
        confirmed = {"reference": shown["reference"], "confirm": True}
        first = await failure(client, "register_model_run", **confirmed)
        again = await failure(client, "register_model_run", **confirmed)
    assert (first["kind"], first["retry"]) == ("AmbiguousWrite", "check_first")
    assert first["message"] == (
        f"Nobody knows whether this happened: register a model run. The store '{path}' failed: disk full."
    )
    assert again["message"].endswith(f"What came of it: {first['message']}")


@pytest.mark.asyncio
async def test_a_store_that_fails_between_several_records_leaves_them_done_in_part(tmp_path: Path):
    path = filled(tmp_path)
    records = [{"id": "sample/1000042"}, {"id": "sample/1000043"}]
    async with Client(build_server(settings_with(store=path, toolsets="all", output_dir="off"))) as client:
        given = {"registry_records": records, "validate_record": False}
        shown = await call(client, "store_multiple_records", **given)
        second = "(SELECT key FROM node WHERE id = 'sample/1000043')"
        with sqlite3.connect(path) as connection:
            connection.execute(f"DELETE FROM link_record WHERE record = {second}")
        connection.close()
        breaks(path, f"BEFORE INSERT ON link_record WHEN NEW.record = {second}")
        confirmed = {"reference": shown["reference"], "confirm": True}
        first = await call(client, "store_multiple_records", **confirmed)
        again = await call(client, "store_multiple_records", **confirmed)
    assert (first["status"], again["status"]) == ("failed", "failed")
    assert first["provena_said"].endswith(f"The store '{path}' failed: disk full.")
    assert again["message"].endswith(first["message"])
