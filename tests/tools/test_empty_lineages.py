"""What is said of items of which the lineage graph holds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.worlds.deployment import Send, Wire, provena, server
from tests.worlds.sample import call

RUNS = ["sample/1000119", "sample/1000122"]
OTHER_RUN = "sample/1000076"
ROUTES = ("upstream", "downstream")


def taken_out(wire: Wire, *items: str) -> None:
    """From now on the graph holds nothing of ``items``."""

    async def spoil(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        if request.url.params["starting_id"] not in items or answer.status_code != 200:
            return answer
        body = json.loads(await answer.aread())
        body["record_count"], body["graph"] = 0, body["graph"] | {"nodes": [], "links": []}
        return httpx.Response(200, json=body)

    wire.spoilt |= {f"/prov-api/explore/{route}": spoil for route in ROUTES}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (RUNS, "Nothing is recorded that led to either run, so there is nothing to compare."),
        (
            [*RUNS, OTHER_RUN],
            "Nothing is recorded that led to any of the runs, so there is nothing to compare.",
        ),
    ],
)
async def test_lineages_of_which_nothing_is_recorded_are_not_called_the_same(
    tmp_path: Path, runs: list[str], says: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        taken_out(wire, *runs)
        found = await call(client, "compare_model_runs", run_ids=runs, scope="lineage")
    assert found["answer"] == says
    assert (found["differences"], found["same"], found["complete"]) == ([], [], True)


@pytest.mark.asyncio
async def test_a_run_that_nothing_led_to_is_named_where_the_other_differs(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        taken_out(wire, RUNS[1])
        found = await call(client, "compare_model_runs", run_ids=RUNS, scope="lineage")
    assert found["answer"] == (
        "The lineages of the 2 runs differ in datasets, runs, models, templates, people, organisations, "
        "studies. Nothing is recorded that led to B."
    )


@pytest.mark.asyncio
async def test_items_in_no_lineage_are_neither_related_nor_does_anything_depend_on_them(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        taken_out(wire, *RUNS)
        path = await call(client, "find_lineage_path", from_id=RUNS[0], to_id=RUNS[1])
        impact = await call(client, "analyse_impact", item_id=RUNS[0])
    assert path["answer"] == (
        "None within 20 hops: no path that short leads from one to the other. In no lineage at all: "
        "'Rank sites with sea country values' (model run), 'Rank sites by coral benefit only' (model run)."
    )
    assert (path["found"], path["searched_hops"]) == (False, 20)
    assert impact["answer"] == "Nothing within 20 hops depends on 'Rank sites with sea country values'."


@pytest.mark.asyncio
async def test_the_audit_of_a_run_that_was_taken_out_of_the_graph_says_that_it_is_not_there(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        before = await call(client, "audit_reproducibility", item_id=RUNS[0])
        taken_out(wire, RUNS[0])
        after = await call(client, "audit_reproducibility", item_id=RUNS[0])
    codes = [[finding["code"] for finding in audited["findings"]] for audited in (before, after)]
    assert "not_lodged" not in codes[0]
    (lacking,) = [finding for finding in after["findings"] if finding["code"] == "not_lodged"]
    assert lacking == {
        "code": "not_lodged",
        "severity": "warning",
        "says": "The lineage graph does not hold the run.",
        "ids": [RUNS[0]],
        "evidence": {RUNS[0]: "status LODGED"},
        "action": "Look with fetch_items what the registry holds of it, and with list_jobs how its job "
        "ended; an administrator's store_record puts it into the graph.",
    }
