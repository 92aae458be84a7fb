"""A bad item among those that are loaded is named, and the others load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from provena_mcp.embedded.loader import LoadReport, Skipped, load_items
from provena_mcp.embedded.sources import read_source
from provena_mcp.embedded.store import Store
from tests.embedded.conftest import Load
from tests.worlds.small import creation, dataset, model_run, person, without


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (3, "not a JSON object"),
        (None, "not a JSON object"),
        (without(dataset("w/x"), "id"), "id: Field required"),
        (dataset(""), "id: String should have at least 1 character"),
        (dataset("w x"), "id 'w x' is not a handle."),
        (dataset("hdl:w/x"), "id 'hdl:w/x' is not a bare handle"),
        (without(dataset("w/x"), "item_subtype"), "item_subtype: Field required"),
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
            without(model_run("w/x", [], [], 1), "record"),
            "record: Field required",
        ),
        (without(creation("w/x", "w/y", 1), "created_item_id"), "created_item_id: Field required"),
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
