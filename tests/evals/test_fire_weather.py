"""The invented fire-weather programme is a registry that Provena would have."""

from __future__ import annotations

from pathlib import Path

from evals.worlds import open_world
from provena_mcp.embedded.loader import LoadReport, load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.rules.records.references import Found, Known, references
from provena_mcp.rules.records.validation import problems
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord, parse_item

WORLD = open_world("fire")


def test_all_of_it_loads_and_enters_the_graph(tmp_path: Path):
    assert WORLD is not None
    store = Store(tmp_path / "fire.sqlite3")
    report = load_items(store, Source(WORLD.items, WORLD.persons))
    store.close()
    activities = WORLD.truth.of_kind("MODEL_RUN", "CREATE", "VERSION")
    assert report == LoadReport(loaded=len(WORLD.items), lodged=len(activities))


def test_each_run_fulfils_its_template():
    assert WORLD is not None
    items = {item.id: item for item in map(parse_item, WORLD.items)}
    known: Known = {item_id: Found(item) for item_id, item in items.items()}
    runs = [item for item in items.values() if isinstance(item, ModelRunItem)]
    assert {
        run.display_name: problems(run.record, known) for run in runs if problems(run.record, known)
    } == {}
    stated = {key for run in WORLD.truth.of_kind("MODEL_RUN") for key in WORLD.truth.record(run)}
    assert stated <= ModelRunRecord.model_fields.keys()
    mentioned = {reference.id for run in runs for reference in references(run.record, known)}
    assert mentioned <= items.keys()


def test_what_it_holds_on_purpose_is_in_it():
    assert WORLD is not None
    truth, at = WORLD.truth, WORLD.ids
    runs = {run: truth.record(run) for run in truth.of_kind("MODEL_RUN")}
    assert truth.makers(at["grid jan"]) == {at["downscale jan"], at["downscale jan again"]}
    assert truth.makers(at["fuel 2"]) == truth.makers(at["stations 2"]) == frozenset()
    assert {record["workflow_template_id"] for record in runs.values()} >= {
        at["Spread the fire"],
        at["Spread the fire 2"],
    }
    assert {run for run, record in runs.items() if not record.get("study_id")} == {
        at["dry trial"],
        at["spread burn"],
    }
    assert {run for run, record in runs.items() if not record["description"].strip()} == {at["dry trial"]}
    begun = truth.record(at["dry trial"])["start_time"]
    assert begun < truth.items[at["fuel 2"]]["created_timestamp"]
    assert truth.items[at["fuel"]]["s3"] == truth.items[at["fuel 2"]]["s3"]
    assert truth.items[at["stations"]]["s3"] != truth.items[at["stations 2"]]["s3"]
    assert len(truth.items[at["ignitions"]]["history"]) == 2
    assert truth.runs_of_study(at["burns"]) == frozenset()
    assert all(at["cameras"] not in truth.inputs(run) for run in runs)
    assert [record["model_version"] for record in runs.values() if "model_version" in record].count(
        "6.0"
    ) == 5
