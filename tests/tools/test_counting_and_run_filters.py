"""Lists that count, and that filter runs by what only runs state: compared with the sample file itself."""

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.sample import call, failure, sample_client

ITEMS: dict[str, dict[str, Any]] = {
    item["id"]: item
    for item in json.loads(files("provena_mcp.embedded.sample").joinpath("reef.json").read_text("utf-8"))[
        "items"
    ]
}
RUNS = {id_: item["record"] for id_, item in ITEMS.items() if item["item_subtype"] == "MODEL_RUN"}
SOFTWARE = {id_: item.get("software_id") for id_, item in ITEMS.items()}


def runs(holds: Any) -> set[str]:
    return {id_ for id_, record in RUNS.items() if holds(record)}


def outputs(record: dict[str, Any]) -> set[str]:
    return {part["dataset_id"] for part in record["outputs"]}


MODELLER = Counter(record["associations"]["modeller_id"] for record in RUNS.values()).most_common(1)[0][0]
TEMPLATE = Counter(record["workflow_template_id"] for record in RUNS.values()).most_common(1)[0][0]
INPUT = Counter(part["dataset_id"] for record in RUNS.values() for part in record["inputs"]).most_common(1)[
    0
][0]
OUTPUT = next(iter(outputs(next(iter(RUNS.values())))))
MODEL = SOFTWARE[TEMPLATE]

FILTERS = {
    "who ran them, by id": (
        {"modeller": MODELLER},
        runs(lambda run: run["associations"]["modeller_id"] == MODELLER),
    ),
    "who ran them, by name": (
        {"modeller": ITEMS[MODELLER]["display_name"].lower()},
        runs(lambda run: run["associations"]["modeller_id"] == MODELLER),
    ),
    "their template": (
        {"workflow_template": TEMPLATE},
        runs(lambda run: run["workflow_template_id"] == TEMPLATE),
    ),
    "their model": (
        {"model": MODEL},
        runs(lambda run: SOFTWARE[run["workflow_template_id"]] == MODEL),
    ),
    "the model's version, as stated": (
        {"model": MODEL, "model_version": "1.1"},
        runs(
            lambda run: SOFTWARE[run["workflow_template_id"]] == MODEL and run.get("model_version") == "1.1"
        ),
    ),
    "no version stated": ({"model_version": "none"}, runs(lambda run: not run.get("model_version"))),
    "a dataset they used": (
        {"used": INPUT},
        runs(lambda run: INPUT in {part["dataset_id"] for part in run["inputs"]}),
    ),
    "a dataset they made": ({"made": OUTPUT}, runs(lambda run: OUTPUT in outputs(run))),
    "no study": ({"subtype": "MODEL_RUN", "study_id": "none"}, runs(lambda run: not run.get("study_id"))),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(("asked", "wanted"), FILTERS.values(), ids=FILTERS)
async def test_runs_are_filtered_by_what_their_records_state(
    tmp_path: Path, asked: dict[str, Any], wanted: set[str]
):
    async with sample_client(tmp_path) as client:
        listed = await call(client, "list_items", limit=100, **asked)
    assert wanted or "model_version" in asked
    assert ({item["id"] for item in listed["items"]}, listed["total"]) == (wanted, len(wanted))
    assert listed["complete"] is True


GROUPS = {
    "modeller": Counter(run["associations"]["modeller_id"] for run in RUNS.values()),
    "study": Counter(run.get("study_id") or "not stated" for run in RUNS.values()),
    "workflow_template": Counter(run["workflow_template_id"] for run in RUNS.values()),
    "model": Counter(SOFTWARE[run["workflow_template_id"]] for run in RUNS.values()),
    "model_version": Counter(run.get("model_version") or "not stated" for run in RUNS.values()),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("by", GROUPS)
async def test_runs_are_counted_in_groups_without_paging(tmp_path: Path, by: str):
    async with sample_client(tmp_path) as client:
        counted = await call(client, "list_items", group_by=by)
    assert {group["key"]: group["count"] for group in counted["groups"]} == GROUPS[by]
    assert (counted["total"], counted["items"], counted["complete"]) == (len(RUNS), [], True)
    named = [group for group in counted["groups"] if "/" in group["key"]]
    assert all(group["name"] == ITEMS[group["key"]]["display_name"] for group in named)


@pytest.mark.asyncio
async def test_months_are_counted_in_their_order_and_items_by_their_subtype(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        months = await call(client, "list_items", subtype="MODEL_RUN", group_by="month")
        kinds = await call(client, "list_items", group_by="subtype")
    keys = [group["key"] for group in months["groups"]]
    assert keys == sorted(keys)
    assert sum(group["count"] for group in months["groups"]) == len(RUNS)
    counts = {group["key"]: group["count"] for group in kinds["groups"]}
    assert (counts["MODEL_RUN"], kinds["total"]) == (len(RUNS), sum(counts.values()))


@pytest.mark.asyncio
async def test_the_total_is_that_of_the_whole_list_however_small_the_page(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        whole = await call(client, "list_items", subtype="MODEL_RUN", limit=100)
        first = await call(client, "list_items", subtype="MODEL_RUN", limit=3)
        second = await call(client, "list_items", subtype="MODEL_RUN", limit=3, cursor=first["cursor"])
    assert (whole["total"], first["total"]) == (len(RUNS), len(RUNS))
    assert "total" not in second


@pytest.mark.asyncio
async def test_days_are_compared_with_the_time_that_is_asked_for(tmp_path: Path):
    def registered(item: dict[str, Any]) -> str:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(item["created_timestamp"], UTC).date().isoformat()

    day = sorted(registered(ITEMS[run]) for run in RUNS)[len(RUNS) // 2]
    async with sample_client(tmp_path) as client:
        listed = await call(
            client, "list_items", subtype="MODEL_RUN", before=day, dated_by="registered", limit=100
        )
    assert {item["id"] for item in listed["items"]} == {run for run in RUNS if registered(ITEMS[run]) < day}


@pytest.mark.asyncio
async def test_a_name_that_nobody_or_several_have_and_an_id_of_another_kind_are_told(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        nobody = await failure(client, "list_items", modeller="Zaphod Beeblebrox")
        dataset = await failure(client, "list_items", workflow_template=INPUT)
    assert (nobody["parameter"], nobody["message"]) == ("modeller", "Nobody is called 'Zaphod Beeblebrox'.")
    assert dataset["kind"] == "WrongSubtype"


@pytest.mark.asyncio
async def test_a_search_says_that_its_filters_see_ranked_hits_only(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        found = await call(client, "search_items", query="reef", subtype="DATASET")
    assert found["among"] == "hits"
