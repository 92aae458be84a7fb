"""Answers where a deployment withholds items, or has lost them."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.worlds.deployment import Send, Wire, provena, server
from tests.worlds.sample import call, failure, text_of

FETCH = "/registry-api/registry/general/fetch"
FORBIDDEN = httpx.Response(401, json={"detail": "You are not authorised to fetch this item."})
DELETED = httpx.Response(
    200,
    json={
        "status": {"success": False, "details": "Could not find the given key (x) in the registry. Details"}
    },
)


def withhold(wire: Wire, item_id: str, answer: httpx.Response) -> None:
    """The registry gives ``answer`` for one item, and no lists that it could be read from."""

    async def fetch(request: httpx.Request, send: Send) -> httpx.Response:
        return answer if request.url.params["id"] == item_id else await send(request)

    async def no_list(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, json={"status": {"success": True, "details": ""}, "items": []})

    wire.spoilt[FETCH] = fetch
    wire.spoilt["/registry-api/registry/general/list"] = no_list


@pytest.mark.parametrize(
    ("answer", "reason"), [(FORBIDDEN, "no permission"), (DELETED, "not in the registry")]
)
@pytest.mark.asyncio
async def test_a_path_through_an_item_nobody_may_read_is_still_told(
    tmp_path: Path, answer: httpx.Response, reason: str
):
    async with provena(tmp_path) as wire:
        withhold(wire, "sample/1000112", answer)
        async with server(wire) as client:
            found = await call(client, "find_lineage_path", from_id="sample/1000117", to_id="sample/1000114")
    assert found["paths"] == [["sample/1000117", "sample/1000119", "sample/1000112", "sample/1000114"]]
    assert found["chains"] == [
        "'Restoration priorities 2025, with sea country values' -wasGeneratedBy-> "
        "'Rank sites with sea country values' -used-> sample/1000112 "
        "-wasGeneratedBy-> 'Outplanting under ssp585'"
    ]
    assert found["unreadable"] == [{"id": "sample/1000112", "reason": reason}]


@pytest.mark.asyncio
async def test_an_impact_counts_items_that_may_not_be_read(tmp_path: Path):
    async with provena(tmp_path) as wire:
        withhold(wire, "sample/1000112", FORBIDDEN)
        async with server(wire) as client:
            impact = await call(client, "analyse_impact", item_id="sample/1000097")
    assert impact["totals"]["datasets"] == 3
    assert impact["totals"]["release_unread"] == 1
    assert {"id": "sample/1000112", "hop": 2, "runs": 1, "via": "sample/1000114"} in impact["affected"][
        "datasets"
    ]
    assert impact["unreadable"] == [{"id": "sample/1000112", "reason": "no permission"}]


@pytest.mark.asyncio
async def test_the_impact_of_an_item_that_may_not_be_read_is_told_by_its_id(tmp_path: Path):
    async with provena(tmp_path) as wire:
        withhold(wire, "sample/1000097", FORBIDDEN)
        async with server(wire) as client:
            impact = await call(client, "analyse_impact", item_id="sample/1000097")
    assert impact["answer"].startswith("If 'sample/1000097' is wrong, this is touched within 20 hops: ")
    assert impact["totals"]["runs"] == 3


@pytest.mark.asyncio
async def test_an_audit_asked_again_finds_out_what_is_withheld_far_upstream_meanwhile(tmp_path: Path):
    run, far = "sample/1000119", "sample/1000097"
    async with provena(tmp_path) as wire, server(wire) as client:
        first = await call(client, "audit_reproducibility", item_id=run)
        withhold(wire, far, FORBIDDEN)
        again = await call(client, "audit_reproducibility", item_id=run)
    before, after = ({each["code"]: each["ids"] for each in found["findings"]} for found in (first, again))
    assert far not in before.get("upstream_unreadable", [])
    assert far in after.get("upstream_unreadable", [])


@pytest.mark.asyncio
async def test_the_lineage_of_a_known_run_is_asked_for_before_the_run_is_read_and_told_only_if_it_may_be(
    tmp_path: Path,
):
    run, asked = "sample/1000119", asyncio.Event()

    async def fetch(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        await asyncio.wait_for(asked.wait(), 30)
        return FORBIDDEN

    async def explore(request: httpx.Request, send: Send) -> httpx.Response:
        asked.set()
        return await send(request)

    async with provena(tmp_path) as wire, server(wire) as client:
        await call(client, "audit_reproducibility", item_id=run)
        wire.spoilt |= {FETCH: fetch, "/prov-api/explore/upstream": explore}
        refused = await client.call_tool("audit_reproducibility", {"item_id": run})
    assert refused.is_error
    assert refused.structured_content is None
    assert "You are not authorised to fetch this item." in text_of(refused)


@pytest.mark.parametrize(
    ("withheld", "answer", "code", "seen"),
    [
        ("sample/1000112", FORBIDDEN, "input_unreadable", "may not be read"),
        ("sample/1000112", DELETED, "input_missing", "not in the registry"),
        ("sample/1000101", DELETED, "recipe_missing", "not in the registry"),
        ("sample/1000107", FORBIDDEN, "recipe_unreadable", "may not be read"),
        ("sample/1000097", FORBIDDEN, "upstream_unreadable", "may not be read"),
    ],
)
@pytest.mark.asyncio
async def test_an_audit_says_which_parts_are_gone_or_withheld(
    tmp_path: Path, withheld: str, answer: httpx.Response, code: str, seen: str
):
    async with provena(tmp_path) as wire:
        withhold(wire, withheld, answer)
        async with server(wire) as client:
            audit = await call(client, "audit_reproducibility", item_id="sample/1000119")
    (finding,) = [finding for finding in audit["findings"] if finding["code"] == code]
    assert finding["evidence"] == {withheld: seen}


@pytest.mark.asyncio
async def test_runs_are_compared_although_an_input_of_one_may_not_be_read(tmp_path: Path):
    async with provena(tmp_path) as wire:
        withhold(wire, "sample/1000115", FORBIDDEN)
        async with server(wire) as client:
            found = await call(client, "compare_model_runs", run_ids=["sample/1000119", "sample/1000122"])
    inputs = next(row for row in found["differences"] if row["field"] == "inputs")
    assert inputs["values"] == [{"runs": "A", "id": "sample/1000115"}]
    assert found["unreadable"] == [{"id": "sample/1000115", "reason": "no permission"}]


@pytest.mark.asyncio
async def test_an_audit_takes_no_refusal_without_a_reason_for_an_item_that_is_withheld(tmp_path: Path):
    refused = {"status": {"success": False, "details": "Something went wrong."}}
    async with provena(tmp_path) as wire:
        withhold(wire, "sample/1000107", httpx.Response(200, json=refused))
        async with server(wire) as client:
            error = await failure(client, "audit_reproducibility", item_id="sample/1000119")
    assert (error["kind"], error["fault"], error["provena_said"]) == (
        "Deployment",
        "deployment",
        "Something went wrong.",
    )
