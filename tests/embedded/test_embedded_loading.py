"""Loading items: file forms, bad items, order, links, and what a second load does."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from provena_mcp.embedded.export import export_items
from provena_mcp.embedded.graph import RELATIONS
from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.items import fetch_raw
from provena_mcp.embedded.loader import LoadReport, Skipped, load_items
from provena_mcp.embedded.sources import Source, parse_source, read_source, sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.errors import FileRefusedError, StoreError
from provena_mcp.rules.graph import Kind, Link
from tests.recordings.recorded import read_items, read_json
from tests.worlds.small import (
    chain,
    creation,
    dataset,
    furniture,
    item,
    model,
    model_run,
    person,
    small_world,
    workflow,
)

SHARED = Path(__file__).parents[2] / "../shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="recorded worlds are not beside the repository")

Load = Callable[..., LoadReport]


def _graph(store: Store) -> tuple[dict[str, Kind], set[Link]]:
    """Everything in the graph, told through explorations from every item."""
    nodes: dict[str, Kind] = {}
    links: set[Link] = set()
    with store.read() as connection:
        for (node,) in connection.execute("SELECT id FROM node").fetchall():
            found = explore(connection, node, "upstream", 1)
            nodes.update(found.nodes)
            links.update(found.links)
    return nodes, links


# Forms of files


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


# Bad items


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _without(raw: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in keys}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (3, "not a JSON object"),
        (None, "not a JSON object"),
        (_without(dataset("w/x"), "id"), "id: Field required"),
        (dataset(""), "id: String should have at least 1 character"),
        (dataset("w x"), "id 'w x' is not a handle."),
        (dataset("hdl:w/x"), "id 'hdl:w/x' is not a bare handle"),
        (_without(dataset("w/x"), "item_subtype"), "item_subtype: Field required"),
        (
            {**dataset("w/x"), "item_subtype": "DATA"},
            "item_subtype 'DATA' is none of MODEL_RUN, STUDY, CREATE, VERSION, PERSON, ORGANISATION, MODEL, "
            "MODEL_RUN_WORKFLOW_TEMPLATE, DATASET_TEMPLATE, DATASET",
        ),
        ({**dataset("w/x"), "item_category": "AGENT"}, "item_category 'AGENT' does not go with DATASET"),
        (
            {**dataset("w/x"), "record_type": "HALF"},
            "record_type 'HALF' is none of COMPLETE_ITEM, SEED_ITEM",
        ),
        (
            _without(model_run("w/x", [], [], 1), "record"),
            "record: Field required",
        ),
        (_without(creation("w/x", "w/y", 1), "created_item_id"), "created_item_id: Field required"),
        (dataset("w/x", created=10**30), "a timestamp is out of range"),
        (dataset("w/x", note="\ud800"), "note: it holds text that is not Unicode (a lone surrogate)"),
        (dataset("w/x", scores=[1, float("inf")]), "scores.1: a number is out of range"),
        (dataset("w/x", score=float("nan")), "score: a number is out of range"),
        (dataset("w/x", deep=nested(200)), "deep.0.0: nested too deeply"),
        (dataset("w/\0x"), "id 'w/\\x00x' is not a handle."),
    ],
)
def test_a_bad_item_is_named_and_the_others_load(load: Load, bad: Any, reason: str) -> None:
    report = load([person("w/jane"), bad, dataset("w/a")])
    item_id = cast("dict[str, str]", bad).get("id", "") if isinstance(bad, dict) else ""
    assert report == LoadReport(loaded=2, skipped=(Skipped(1, item_id, reason),))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000, "1" + "0" * 20])
def test_an_item_with_a_number_out_of_range_is_skipped_and_the_others_load(
    store: Store, tmp_path: Path, number: str
) -> None:
    file = tmp_path / "items.json"
    file.write_text(json.dumps([dataset("w/a"), dataset("w/b", score=0.25), dataset("w/c")]))
    file.write_text(file.read_text().replace("0.25", number))
    assert load_items(store, read_source(file)) == LoadReport(
        loaded=2, skipped=(Skipped(1, "w/b", "score: a number is out of range"),)
    )


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


def test_a_duplicate_counts_once_and_a_conflicting_one_is_skipped(load: Load, store: Store) -> None:
    report = load([dataset("w/a"), dataset("w/a"), dataset("w/a", created=9)])
    assert report == LoadReport(
        loaded=1, unchanged=1, skipped=(Skipped(2, "w/a", "item 0 has the same id and other content"),)
    )


# What gets into the graph


def test_a_run_and_a_creation_assert_what_the_contract_says(load: Load, store: Store) -> None:
    report = load(small_world(), jane="w/jane")
    nodes, links = _graph(store)
    assert report == LoadReport(loaded=9, lodged=2)
    assert links == {
        Link("w/run", "used", "w/a"),
        Link("w/run", "used", "w/model"),
        Link("w/run", "used", "w/wf"),
        Link("w/run", "wasAssociatedWith", "w/jane"),
        Link("w/b", "wasGeneratedBy", "w/run"),
        Link("w/b", "wasAttributedTo", "w/jane"),
        Link("w/a", "wasInfluencedBy", "w/in"),
        Link("w/b", "wasInfluencedBy", "w/out"),
        Link("w/wf", "hadMember", "w/in"),
        Link("w/wf", "hadMember", "w/out"),
        Link("w/wf", "hadMember", "w/model"),
        Link("w/model", "wasGeneratedBy", "w/c-model"),
        Link("w/c-model", "wasAssociatedWith", "w/jane"),
        Link("w/model", "wasAttributedTo", "w/jane"),
    }
    assert nodes["w/wf"] == Kind("ENTITY", "WORKFLOW_TEMPLATE")


@pytest.mark.parametrize(
    ("created", "subtype"), [(9, "WORKFLOW_TEMPLATE"), (11, "MODEL_RUN_WORKFLOW_TEMPLATE")]
)
def test_the_newest_writer_decides_a_subtype_whatever_the_order_in_the_file(
    load: Load, store: Store, created: int, subtype: str
) -> None:
    load([creation("w/c-wf", "w/wf", created), *reversed(small_world())])
    assert _graph(store)[0]["w/wf"] == Kind("ENTITY", subtype)


def test_an_owner_is_the_linked_person_else_the_earliest_they_own_else_no_one(
    load: Load, store: Store
) -> None:
    report = load(
        [
            person("w/jane-new", created=9, owner="jane"),
            person("w/jane-old", created=3, owner="jane"),
            person("w/joe", owner="joe"),
            person("w/joe-linked", created=8, owner="ann"),
            model("w/by-jane", owner="jane"),
            creation("w/c1", "w/by-jane", 10, owner="jane"),
            creation("w/c2", "w/by-jane", 11, owner="joe"),
            creation("w/c3", "w/by-jane", 12, owner="stranger"),
        ],
        joe="w/joe-linked",
    )
    who = {(link.source, link.target) for link in _graph(store)[1] if link.relation == "wasAssociatedWith"}
    assert (who, report.personless) == ({("w/c1", "w/jane-old"), ("w/c2", "w/joe-linked")}, ("stranger",))


def test_links_given_later_put_the_person_in_and_keep_the_order(
    load: Load, store: Store, tmp_path: Path
) -> None:
    world = [*small_world(), creation("w/c-wf", "w/wf", 7)]
    load(world, jane="w/jane")
    at_once = _graph(store)
    late = Store(tmp_path / "late.sqlite3")
    load_items(late, Source(tuple(world[1:])))
    load_items(late, Source((world[0],)))
    load_items(late, Source(tuple(world)), links={"jane": "w/jane"})
    assert _graph(late) == at_once
    late.close()


def test_what_refers_to_nothing_waits_until_that_is_loaded(load: Load, store: Store) -> None:
    workflow_template = workflow("w/wf", "w/model")
    others = [raw for raw in small_world() if raw["id"] not in ("w/wf", "w/model")]
    first = load(others)
    second = load([workflow_template, model("w/model")])
    assert first.waiting == (
        ("w/c-model", "the created item 'w/model' is not in the registry"),
        ("w/run", "the workflow template 'w/wf' is not in the registry"),
    )
    assert (second.lodged, second.waiting) == (2, ())
    assert Link("w/run", "used", "w/model") in _graph(store)[1]


def test_a_run_whose_template_is_something_else_waits(load: Load) -> None:
    report = load([*furniture()[:4], dataset("w/wf"), model_run("w/run", [], [], 10)])
    assert report.waiting == (("w/run", "the workflow template 'w/wf' is a DATASET"),)


def test_a_seed_is_kept_but_asserts_nothing(load: Load, store: Store) -> None:
    seed = _without(model_run("w/seed", [], [], 5), "record", "display_name", "history")
    report = load([{**seed, "record_type": "SEED_ITEM"}])
    assert (report, _graph(store)) == (LoadReport(loaded=1), ({}, set()))


def test_loading_again_changes_nothing(load: Load, store: Store) -> None:
    load(small_world(), jane="w/jane")
    before = _graph(store)
    assert load(small_world(), jane="w/jane") == LoadReport(unchanged=9)
    assert _graph(store) == before


def test_a_changed_run_asserts_its_new_record_only(load: Load, store: Store) -> None:
    load(small_world())
    report = load([dataset("w/other"), model_run("w/run", ["w/other"], ["w/b"], 10)])
    nodes, links = _graph(store)
    assert report == LoadReport(loaded=2, lodged=1)
    assert Link("w/run", "used", "w/other") in links
    assert "w/a" not in nodes


def test_a_repeated_item_is_told_by_its_place_however_far_back_the_first_is(load: Load, store: Store) -> None:
    many = [dataset(f"w/d{number}") for number in range(1_200)]
    report = load([*many, many[3], {**many[3], "display_name": "Other"}])
    assert report == LoadReport(
        loaded=1_200,
        unchanged=1,
        skipped=(Skipped(1_201, "w/d3", "item 3 has the same id and other content"),),
    )


@pytest.mark.slow
def test_a_large_file_is_loaded_without_being_held(tmp_path: Path) -> None:
    file = tmp_path / "items.json"
    padding = "x" * 20_000
    with file.open("w") as written:
        written.write("[")
        written.write(",".join(json.dumps(dataset(f"w/d{n}", padding=padding)) for n in range(3_000)))
        written.write("]")
    store = Store(tmp_path / "store.sqlite3")
    tracemalloc.start()
    report = load_items(store, read_source(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    store.close()
    # 60 MB of items; a batch of 500 is 10 MB of text, held a few times over.
    assert (report.loaded, file.stat().st_size > 60_000_000, peak < 45_000_000) == (3_000, True, True), peak


def test_progress_reaches_the_end_of_both_stages(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    world = chain(300)

    def tell(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))

    load_items(store, Source(tuple(world)), on_progress=tell)
    assert told == [
        ("items", 500, 606),
        ("items", 606, 606),
        ("provenance", 300, 300),
    ]


@pytest.mark.slow
def test_processes_that_load_the_same_file_at_once_all_succeed(tmp_path: Path) -> None:
    file, path = tmp_path / "items.json", tmp_path / "store.sqlite3"
    file.write_text(json.dumps(chain(400)))
    code = (
        "import sys; from pathlib import Path\n"
        "from provena_mcp.embedded.loader import load_items\n"
        "from provena_mcp.embedded.sources import read_source\n"
        "from provena_mcp.embedded.store import Store\n"
        "load_items(Store(Path(sys.argv[2])), read_source(Path(sys.argv[1])))"
    )
    loaders = [subprocess.Popen([sys.executable, "-c", code, str(file), str(path)]) for _ in range(3)]
    assert [loader.wait(timeout=120) for loader in loaders] == [0, 0, 0]
    together, alone = Store(path), Store(tmp_path / "alone.sqlite3")
    load_items(alone, read_source(file))
    assert _graph(together) == _graph(alone)
    together.close()
    alone.close()


# Exporting


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
    assert (again.read_bytes(), _graph(copy)) == (file.read_bytes(), _graph(store))
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


# Worlds


def test_the_sample_world_loads_whole(store: Store) -> None:
    source = sample_source()
    report = load_items(store, source)
    assert (report.loaded, report.skipped, report.waiting, report.personless) == (
        len(source.items),
        (),
        (),
        (),
    )


@needs_shared
def test_recorded_workflows_load_whole(store: Store) -> None:
    report = load_items(store, read_source(SHARED / "data/wings_items.json"))
    assert report == LoadReport(loaded=1784, lodged=423)


def test_the_recorded_registry_becomes_the_recorded_graph(store: Store) -> None:
    report = load_items(store, Source(tuple(read_items()), read_json("links.json")))
    dump = read_json("graph_dump.json")
    nodes, links = _graph(store)
    assert report == LoadReport(loaded=87, lodged=46)
    assert nodes == {
        node["id"]: Kind(node["item_category"], node["item_subtype"]) for _, node in dump["nodes"]
    }
    assert links == {Link(source, relation, target) for source, relation, target, _ in dump["edges"]}
    assert _records(store) == {
        (source, relation, target): set(records.split(","))
        for source, relation, target, records in dump["edges"]
    }


def _records(store: Store) -> dict[tuple[str, str, str], set[str]]:
    """Which records assert each link."""
    with store.read() as connection:
        ids: dict[int, str] = dict(connection.execute("SELECT key, id FROM node").fetchall())
        rows: list[tuple[int, int, int, int]] = connection.execute(
            "SELECT source, relation, target, record FROM link_record"
        ).fetchall()
    found: dict[tuple[str, str, str], set[str]] = {}
    for source, relation, target, record in rows:
        found.setdefault((ids[source], RELATIONS[relation], ids[target]), set()).add(ids[record])
    return found
