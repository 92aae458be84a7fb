"""Exporting items to a file, which loads again as it is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from provena_mcp.embedded.export import export_items
from provena_mcp.embedded.items import fetch_raw
from provena_mcp.embedded.loader import LoadReport, load_items
from provena_mcp.embedded.sources import read_source
from provena_mcp.embedded.store import Store
from provena_mcp.errors import FileRefusedError, StoreError
from tests.embedded.conftest import Load
from tests.embedded.stored import whole_graph
from tests.worlds.small import dataset, item, small_world


def test_what_a_deployment_holds_with_a_nul_is_exported_and_loaded_alike(
    load: Load, store: Store, tmp_path: Path
) -> None:
    odd = dataset("w/a", display_name="From a\0logger", note=["\0"])
    assert load([odd]) == LoadReport(loaded=1)
    export_items(store, tmp_path / "all.json")
    copy = Store(tmp_path / "copy.sqlite3")
    assert load_items(copy, read_source(tmp_path / "all.json")) == LoadReport(loaded=1)
    with copy.read() as connection:
        assert fetch_raw(connection, "w/a") == odd
    copy.close()


def test_an_export_loads_into_the_same_store(load: Load, store: Store, tmp_path: Path) -> None:
    load([*small_world(), item("w/née", "STUDY", 7, title="Été", note=None)], jane="w/jane")
    file = tmp_path / "all.json"
    assert export_items(store, file) == 10
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    copy = Store(tmp_path / "copy.sqlite3")
    assert load_items(copy, read_source(file)) == LoadReport(loaded=10, lodged=2)
    assert load_items(store, read_source(file)) == LoadReport(unchanged=10)
    again = tmp_path / "again.json"
    export_items(copy, again)
    assert (again.read_bytes(), whole_graph(copy)) == (file.read_bytes(), whole_graph(store))
    copy.close()


def test_items_come_out_as_they_went_in(load: Load, store: Store, tmp_path: Path) -> None:
    load(small_world(), jane="w/jane")
    export_items(store, tmp_path / "all.json")
    found = json.loads((tmp_path / "all.json").read_text())
    assert sorted(found["items"], key=lambda raw: raw["id"]) == sorted(
        small_world(), key=lambda raw: raw["id"]
    )
    assert found["links"] == {"jane": "w/jane"}


def test_an_empty_store_exports_an_empty_list(store: Store, tmp_path: Path) -> None:
    assert export_items(store, tmp_path / "all.json") == 0
    assert list(read_source(tmp_path / "all.json").items) == []


def test_an_export_replaces_a_file_only_when_told(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    file.write_text("precious")
    with pytest.raises(FileRefusedError, match="exists already"):
        export_items(store, file)
    assert file.read_text() == "precious"
    export_items(store, file, overwrite=True)
    assert list(read_source(file).items) == []


def test_an_export_into_nowhere_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
        export_items(store, tmp_path / "gone" / "all.json")


def test_an_export_that_fails_halfway_leaves_no_file(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        connection.execute("DROP TABLE user_link")
    folder = tmp_path / "exports"
    folder.mkdir()
    with pytest.raises(StoreError, match="no such table"):
        export_items(store, folder / "all.json")
    assert list(folder.iterdir()) == []
