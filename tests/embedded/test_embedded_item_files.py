"""Files that hold items, in which forms, and what is said of others."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.embedded.items import fetch_raw
from provena_mcp.embedded.loader import LoadReport, Skipped, load_items
from provena_mcp.embedded.sources import Source, parse_source, read_source
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from tests.embedded.conftest import Load
from tests.worlds.small import dataset, person, small_world


def test_an_array_an_object_and_lines_hold_the_same_items() -> None:
    items = small_world()
    items[0]["display_name"] = "one\u2028name\x85"
    array = json.dumps(items).encode()
    wrapped = json.dumps({"items": items, "links": {"jane": "w/jane"}}).encode()
    lines = (
        b"\xef\xbb\xbf" + "\r\n\n".join(json.dumps(raw, ensure_ascii=False) for raw in items).encode() + b"\n"
    )
    assert parse_source(array, "a") == Source(tuple(items))
    assert parse_source(wrapped, "b") == Source(tuple(items), {"jane": "w/jane"})
    assert parse_source(lines, "c") == Source(tuple(items))


def test_a_single_item_is_a_file_of_one_line() -> None:
    assert parse_source(json.dumps(person("w/jane")).encode(), "one") == Source((person("w/jane"),))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "'f' is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"hello", "'f' is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (b'[{"id": "x"},', "'f' is not JSON: Expecting value: line 1 column 14 (char 13)."),
        (
            b'[\n{"id": "x"},\n{"id"\n]',
            "'f' is not JSON: Expecting ':' delimiter: line 4 column 1 (char 21).",
        ),
        (b"[" * 100_000, "'f' is not JSON: it is nested too deeply."),
        (b"12", "'f' holds no list of registry items."),
        (b'{"rows": []}', "'f' holds no list of registry items."),
        (b'{"items": [], "links": {"jane": 3}}', "The links in 'f' are not usernames with person ids."),
        (b'{"items": [], "links": ["jane"]}', "The links in 'f' are not usernames with person ids."),
    ],
)
def test_a_file_of_no_such_form_is_refused_with_the_place(data: bytes, message: str) -> None:
    with pytest.raises(StoreError) as refused:
        parse_source(data, "f")
    assert (refused.value.message, bool(refused.value.advice)) == (message, True)


def test_a_file_that_is_not_text_is_refused() -> None:
    with pytest.raises(StoreError, match="is not UTF-8 text"):
        parse_source(b"\xff\xfe[\x00]\x00", "f")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        read_source(tmp_path / "gone.json")
    assert (
        refused.value.message == f"{str(tmp_path / 'gone.json')!r} cannot be read: No such file or directory."
    )


def test_a_broken_line_is_one_item_skipped(load: Load, store: Store) -> None:
    lines = [json.dumps(person("w/jane")), '{"id": "w/x", ', json.dumps(dataset("w/a"))]
    report = load_items(store, parse_source("\n".join(lines).encode(), "f"))
    assert (report.loaded, report.skipped) == (
        2,
        (
            Skipped(
                1,
                "",
                "not JSON: Expecting property name enclosed in double quotes: line 1 column 15 (char 14)",
            ),
        ),
    )


def exported(tmp_path: Path, content: object) -> Path:
    """A file as an administrator's export of a registry is."""
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(content))
    return file


def bundle(raw: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """An item as a registry's dump holds it, readable by everyone and not locked unless ``parts`` differ."""
    settings = {"owner": raw["owner_username"], "general": ["metadata-read"], "groups": {}}
    return {
        "id": raw["id"],
        "item_payload": {**raw, "universal_partition_key": "OK"},
        "auth_payload": {"id": raw["id"], "access_settings": {**settings, **parts.pop("rights", {})}},
        "lock_payload": {"id": raw["id"], "locked": False, "history": [], **parts},
    }


@pytest.mark.parametrize("form", ["export", "array", "lines"])
def test_the_dump_of_a_registry_is_loaded_and_its_locks_and_rights_are_reported(
    store: Store, tmp_path: Path, form: str
) -> None:
    world = small_world()
    bundles = [bundle(raw) for raw in world]
    bundles[0] = bundle(world[0], locked=True)
    bundles[1] = bundle(world[1], rights={"general": []})
    bundles[2] = bundle(world[2], rights={"groups": {"reef-team": ["metadata-read"]}})
    bundles.append({**bundle(dataset("w/odd")), "id": "w/other"})
    file = exported(tmp_path, {"status": {"success": True, "details": "x"}, "items": bundles})
    if form == "array":
        file.write_text(json.dumps(bundles))
    if form == "lines":
        file.write_text("\n".join(map(json.dumps, bundles)))
    assert load_items(store, read_source(file)) == LoadReport(
        loaded=9,
        lodged=2,
        skipped=(Skipped(9, "w/other", "the item_payload is no item of this id"),),
        locked=(world[0]["id"],),
        restricted=(world[1]["id"], world[2]["id"]),
    )
    with store.read() as connection:
        assert fetch_raw(connection, "w/run") == {**world[-1], "universal_partition_key": "OK"}


@pytest.mark.parametrize(
    ("content", "message", "advice"),
    [
        (
            json.dumps({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": []}),
            "'f' is an RO-Crate.",
            "Its runs come in with 'provena-mcp draft FILE'",
        ),
        (
            json.dumps({"prefix": {}, "entity": {"e": {}}, "activity": {}}),
            "'f' is a W3C PROV document (PROV-JSON).",
            "Its runs come in with 'provena-mcp draft FILE'",
        ),
        (
            json.dumps([{"eventType": "START", "run": {"runId": "1"}, "job": {"name": "j"}}]),
            "'f' is a file of OpenLineage events.",
            "Its runs come in with 'provena-mcp draft FILE'",
        ),
        (
            '{"task_id": "1", "workflow_id": "2"}\n{"task_id": "2", "workflow_id": "2"}\n',
            "'f' is a file of Flowcept tasks.",
            "Register what it tells as datasets and model runs",
        ),
        (
            json.dumps({"workflow_template_id": "w/wf", "inputs": [], "associations": {}}),
            "'f' is a model run record (JSON).",
            "Register it with register_model_run",
        ),
        ("model,scenario\nWaves,high\n", "'f' is a table (CSV).", "Model runs in a table go in as a CSV"),
        ("PK\x03\x04 and so on", "'f' is a zip archive.", "Unpack it"),
        ("\x1f\x8b\x08", "'f' is a gzip archive.", "Unpack it"),
        ("%PDF-1.7", "'f' is a PDF.", "Give a JSON array of registry items"),
        ("<?xml version='1.0'?><a/>", "'f' is an XML file.", "Give a JSON array of registry items"),
        ('{"answer": 42}', "'f' holds no list of registry items.", "Give a JSON array of registry items"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_to_do(content: str, message: str, advice: str) -> None:
    with pytest.raises(StoreError) as refused:
        parse_source(content.encode("latin-1"), "f")
    assert (refused.value.message, refused.value.advice.startswith(advice)) == (message, True)


def test_a_workbook_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "runs.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(StoreError, match=r"is an Excel workbook \(.xlsx\)"):
        read_source(tmp_path / "runs.xlsx")


def test_items_are_read_from_a_pipe(store: Store, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(small_world()),))
    writer.start()
    report = load_items(store, read_source(pipe))
    writer.join()
    assert report.loaded == 9
