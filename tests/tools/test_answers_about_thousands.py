"""Answers about thousands of items: the totals are whole, and the budget is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from evals.asking import tokens
from provena_mcp.server.build import build_server
from tests.worlds.recipe_runs import a_dataset, a_run, settings_over, what_runs_share
from tests.worlds.sample import call


def tokens_of(content: Any) -> int:
    return tokens(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_an_impact_of_five_thousand_items_keeps_its_totals_and_its_budget(tmp_path: Path):
    runs = 2500
    items = [*what_runs_share(), a_dataset("x/raw")]
    for number in range(runs):
        released = "RELEASED" if number == runs - 1 else "NOT_RELEASED"
        items += [
            a_dataset(f"x/data-{number}", released, title=f"Product {number} of the large programme"),
            a_run(number, ["x/raw"], f"x/data-{number}"),
        ]
    async with Client(build_server(settings_over(tmp_path, items))) as client:
        impact = await call(client, "analyse_impact", item_id="x/raw", contacts=True)
    totals = impact["totals"]
    assert (totals["datasets"], totals["runs"], totals["people"], totals["studies"]) == (runs, runs, 7, 3)
    assert (totals["released"], totals["by_hop"]) == (1, {"1": runs, "2": runs})
    assert impact["affected"]["datasets"][0]["id"] == f"x/data-{runs - 1}"
    assert [row["runs"] for row in impact["affected"]["studies"]] == [834, 833, 833]
    assert impact["shown"]["datasets"] == len(impact["affected"]["datasets"])
    assert impact["next"][0]["tool"] == "get_effected_datasets"
    unread = totals["makers_unread"]
    assert impact["answer"].endswith(
        f" Who else made {unread} affected datasets was not read; fetch_items tells who made each."
    )
    assert tokens_of(impact) <= 4000


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_thousand_shortest_paths_are_counted_and_three_are_told(tmp_path: Path):
    middles = [f"x/data-{number}" for number in range(2000)]
    items = [*what_runs_share(), a_dataset("x/raw"), a_dataset("x/end"), *map(a_dataset, middles)]
    items += [a_run(number, ["x/raw"], middle) for number, middle in enumerate(middles)]
    items.append(a_run(5000, middles, "x/end"))
    async with Client(build_server(settings_over(tmp_path, items))) as client:
        found = await call(client, "find_lineage_path", from_id="x/end", to_id="x/raw")
        audit = await call(client, "audit_reproducibility", item_id="x/run-5000")
    assert (found["count"], found["length"], len(found["paths"])) == (2000, 4, 3)
    assert audit["verdict"] == "not_repeatable"
    (unreleased,) = [finding for finding in audit["findings"] if finding["code"] == "input_changeable"]
    assert (unreleased["of"], len(unreleased["ids"])) == (2000, 10)
    assert tokens_of(audit) <= 4000
