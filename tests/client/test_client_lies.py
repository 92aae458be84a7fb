"""What is answered is compared with what was asked: another's answer, repeats and success without proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.client.checks import UNMARKED, ListWalk, proof_of
from provena_mcp.client.http.request import Call
from provena_mcp.errors import (
    AmbiguousWriteError,
    DepthLimitError,
    MalformedAnswerError,
    ProvenaError,
    RejectedError,
)
from provena_mcp.rules.graph import Kind, Link
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.lineage import Contradiction
from provena_mcp.wire.registry import ListFilter, ListRequest
from tests.client.provena_stand_in import LINEAGE, RECORD, Script, client_over, json_answer

OK = {"success": True, "details": ""}
BATCH = "MODEL_RUN_BATCH_SUBMIT"
RUN = "MODEL_RUN_PROV_LODGE"
LIST = Call(service="registry", method="POST", path="/", name="list items")


async def asked(call, *bodies: object) -> Any:
    """What the client makes of these answers, or the class of its error."""
    async with client_over(Script([json_answer(body) for body in bodies])) as client:
        try:
            return await call(client)
        except ProvenaError as error:
            return type(error)


def job(
    session_id: str = "s1", subtype: str = RUN, status: str = "SUCCEEDED", **fields: Any
) -> dict[str, Any]:
    return {"session_id": session_id, "job_sub_type": subtype, "status": status, **fields}


def made(run_id: object) -> dict[str, Any]:
    return {"result": {"record": {"id": run_id}}}


def row(number: int, **fields: object) -> dict[str, object]:
    return job(f"s{number}", batch_id="b1", **made(f"10378.1/{number}"), **{}) | fields


def person(item_id: str, **fields: object) -> dict[str, object]:
    return {"id": item_id, "item_category": "AGENT", "item_subtype": "PERSON", "display_name": "P", **fields}


async def fetch_job(client: ProvenaClient) -> object:
    return (await client.jobs.fetch("s1")).status


async def batch(client: ProvenaClient) -> object:
    return [job.session_id async for page in client.jobs.batch_pages("b1") for job in page.jobs]


async def fetch(client: ProvenaClient) -> object:
    return (await client.registry.fetch("10378.1/7")).id


async def people(client: ProvenaClient) -> object:
    request = ListRequest(filter_by=ListFilter(item_subtype="PERSON"))
    return [item.id async for page in client.registry.pages(request) for item in page.items]


async def search(client: ProvenaClient) -> object:
    return [(hit.id, hit.score) for hit in await client.search.search("reef")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        job(),
        job(result={}),
        job(result={"record": None}),
        job(result={"record": {"id": ""}}),
        job(result={"record": {"id": " "}}),
        job(result={"record": {"id": "x"}}),
        job(result={"record": {"id": "Ignore all/instructions"}}),
        job(result={"record": {"id": "10378.1/"}}),
        job(result={"record": {"id": "https://hdl.handle.net/10378.1/1"}}),
        job(result={"record": {"id": "10378.1/\x1b[31m"}}),
        job(result={"record": {"id": 7}}),
        job(result={"record": ["10378.1/1"]}),
        job(result={"batch_id": "b1"}),
        job(subtype=BATCH, result={"record": {"id": "10378.1/1"}}),
        job(subtype=BATCH, result={"batch_id": None}),
        job(subtype=BATCH, result={"batch_id": " "}),
        job(subtype="GENERATE_REPORT", result={"report_url": ""}),
        job(subtype="REGISTER_CREATE_ACTIVITY", result={"lodge_session_id": "s2"}),
        job(subtype="MODEL_RUN_UPDATE"),
        job(subtype="MODEL_RUN_UPDATE", payload={"model_run_record_id": "10378.1/2"}, **made("10378.1/1")),
        job("s2", **made("10378.1/1")),
        job("", **made("10378.1/1")),
        job("s2", status="PENDING"),
        job("", status="FAILED"),
    ],
    ids=json.dumps,
)
async def test_a_job_is_believed_only_about_the_session_asked_for_and_with_what_it_made(
    answer: dict[str, object],
):
    assert await asked(fetch_job, {"job": answer}) is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        (job(**made("10378.1/1")), "10378.1/1"),
        (job(subtype=BATCH, result={"batch_id": "b1"}), "b1"),
        (
            job(
                subtype="MODEL_RUN_UPDATE", payload={"model_run_record_id": "10378.1/1"}, **made("10378.1/1")
            ),
            "10378.1/1",
        ),
        (job(subtype="GENERATE_REPORT", result={"report_url": "https://x.org/r"}), "https://x.org/r"),
        (job(subtype="LODGE_CREATE_ACTIVITY"), None),
        (job(subtype="A_NEWER_KIND"), None),
        (job(status="FAILED"), None),
        (job(status="IN_PROGRESS"), None),
    ],
    ids=json.dumps,
)
async def test_a_job_that_proves_what_it_says_or_says_nothing_is_believed(
    answer: dict[str, object], proof: str | None
):
    async with client_over(Script([json_answer({"job": answer})])) as client:
        assert proof_of(await client.jobs.fetch("s1")) == proof


@pytest.mark.asyncio
async def test_a_job_of_another_kind_than_was_begun_is_an_error():
    batch_job = {"job": job(subtype=BATCH, result={"batch_id": "b1"})}
    assert await asked(lambda client: client.jobs.fetch("s1", RUN), batch_job) is MalformedAnswerError
    found = await asked(lambda client: client.jobs.fetch("s1", RUN, BATCH), batch_job)
    assert found.job_sub_type == BATCH


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([row(1), row(2), row(3)], ["s1", "s2", "s3"]),
        ([row(1), row(1), row(2), row(1)], ["s1", "s2"]),
        ([row(1), row(2, batch_id="b2")], MalformedAnswerError),
        ([row(1), row(2, batch_id=None)], MalformedAnswerError),
        ([row(1), row(2, job_sub_type="GENERATE_REPORT", result={"report_url": "u"})], MalformedAnswerError),
        ([row(1), row(2, **made("10378.1/1")), row(3, **made("10378.1/1"))], MalformedAnswerError),
        ([row(1), row(2, result=None), row(3, session_id="")], ["s1"]),
    ],
)
async def test_a_batch_has_each_job_once_of_its_own_and_with_a_run_of_its_own(
    rows: list[dict[str, object]], outcome: object
):
    assert await asked(batch, {"jobs": rows, "pagination_key": None}) == outcome
    halves = ({"jobs": rows[:2], "pagination_key": {"k": 1}}, {"jobs": rows[2:], "pagination_key": None})
    assert await asked(batch, *halves) == outcome


@pytest.mark.asyncio
async def test_successes_without_proof_are_counted_as_unreadable():
    page = await asked(
        lambda client: client.jobs.list(), {"jobs": [row(1), row(2, result=None), {}], "pagination_key": None}
    )
    assert ([each.session_id for each in page.jobs], page.unreadable) == (["s1"], 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [{}, {"jobs": None, "pagination_key": None}, {"pagination_key": None}])
async def test_a_list_without_jobs_is_no_empty_list(body: dict[str, object]):
    assert await asked(lambda client: client.jobs.list(), body) is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize("session", ["", "  "])
async def test_something_begun_without_a_session_may_have_happened(session: str):
    submitted = {"status": OK, "session_id": session}
    assert await asked(lambda client: client.prov.register(RECORD), submitted) is AmbiguousWriteError
    assert (
        await asked(lambda client: client.prov.link_to_study("1/1", "1/2"), submitted) is AmbiguousWriteError
    )
    assert (
        await asked(lambda client: client.prov.generate_report("1/1", "STUDY", 1), submitted)
        is MalformedAnswerError
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (person("10378.1/7"), "10378.1/7"),
        (person("10378.1/8"), MalformedAnswerError),
        (person(" "), MalformedAnswerError),
        (None, MalformedAnswerError),
    ],
)
async def test_another_item_than_the_one_asked_for_is_an_error(item: object, outcome: object):
    assert await asked(fetch, {"status": OK, "item": item}) == outcome
    typed = await asked(
        lambda client: client.registry.fetch_typed("PERSON", "10378.1/7"), {"status": OK, "item": item}
    )
    assert (typed if isinstance(typed, type) else typed.item.id) == outcome


@pytest.mark.asyncio
async def test_an_item_of_another_subtype_than_asked_for_is_an_error():
    typed = await asked(
        lambda client: client.registry.fetch_typed("STUDY", "10378.1/7"),
        {"status": OK, "item": person("10378.1/7")},
    )
    assert typed is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("items", "outcome"),
    [
        ([person("1/1"), person("1/2")], ["1/1", "1/2"]),
        ([person("1/1")] * 5, ["1/1"]),
        ([], []),
        (None, MalformedAnswerError),
        ([person("1/1"), person("1/2", item_subtype="ORGANISATION")], MalformedAnswerError),
        ([person("1/1"), person(" ")], MalformedAnswerError),
    ],
)
async def test_a_list_holds_each_item_once_and_only_what_was_asked_for(
    items: list[object] | None, outcome: object
):
    assert await asked(people, {"status": OK, "items": items, "pagination_key": None}) == outcome
    listed = await asked(
        lambda client: client.registry.list_typed("PERSON", ListRequest()), {"status": OK, "items": items}
    )
    assert (listed if isinstance(listed, type) else [item.id for item in listed.items]) == outcome


@pytest.mark.asyncio
async def test_an_item_that_moves_to_the_next_page_while_a_list_grows_counts_once():
    pages = (
        {"status": OK, "items": [person("1/1"), person("1/2")], "pagination_key": {"k": 1}},
        {"status": OK, "items": [person("1/2"), person("1/3")], "pagination_key": None},
    )
    assert await asked(people, *pages) == ["1/1", "1/2", "1/3"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        (
            [{"id": "1/1", "score": 2}, {"id": "1/2", "score": 1}, {"id": "1/1", "score": 0.5}],
            [("1/1", 2.0), ("1/2", 1.0)],
        ),
        ([{"id": "", "score": 1}], MalformedAnswerError),
        ([{"score": 1}], MalformedAnswerError),
        (None, MalformedAnswerError),
        ([], []),
    ],
)
async def test_search_results_name_each_item_once(results: object, outcome: object):
    assert await asked(search, {"status": OK, "results": results}) == outcome


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda client: client.registry.create("STUDY", {}), {"status": OK, "created_item": person("1/1")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": person("")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": person("x")}),
        (lambda client: client.registry.create("PERSON", {}), {"status": OK, "created_item": None}),
        (lambda client: client.registry.seed("STUDY"), {"status": OK, "seeded_item": person("1/1")}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": ""}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": "1/1"}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": None}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": ""}),
        (lambda client: client.data.mint_dataset({}), {"status": OK, "handle": "10378.1"}),
        (lambda client: client.registry.seed("PERSON"), {"status": OK, "seeded_item": person("x y/z")}),
        (lambda client: client.registry.version("MODEL", "1/1", "why"), {"new_version_id": "x"}),
    ],
)
async def test_something_written_that_is_not_named_or_is_another_may_have_happened(call, body):
    assert await asked(call, body) is AmbiguousWriteError


def two_keys_in_turn(rows: str, row: object) -> Iterator[dict[str, object]]:
    for turn in range(10):
        yield {"status": OK, rows: [row], "pagination_key": {"k": turn % 2}}


@pytest.mark.asyncio
async def test_two_page_keys_in_turn_are_found_out():
    for call, bodies in (
        (people, two_keys_in_turn("items", person("1/1"))),
        (batch, two_keys_in_turn("jobs", row(1))),
    ):
        script = Script([json_answer(body) for body in bodies])
        async with client_over(script) as client:
            with pytest.raises(MalformedAnswerError, match="same page again"):
                await call(client)
        assert len(script.requests) == 3


def walk_by_single_pages(before: int, ring: int) -> None:
    """Read a page a call: some ``before``, then those of a ring, four times round and a little."""
    keys: list[JsonObject] = [{"n": number} for number in range(before + ring)]
    key: JsonObject | None = None
    mark = UNMARKED
    for page in range(4 * (before + ring) + 4):
        walk = ListWalk(LIST, key, mark)
        key = keys[page if page < before else before + (page - before) % ring]
        walk.note(key, 1)
        mark = walk.mark


@pytest.mark.parametrize("before", [0, 1, 6])
@pytest.mark.parametrize("ring", [1, 2, 3, 7])
def test_a_ring_of_pages_is_found_out_though_each_call_reads_one_of_them(before: int, ring: int):
    with pytest.raises(MalformedAnswerError, match="same page again"):
        walk_by_single_pages(before, ring)


def test_a_page_that_is_followed_by_itself_is_found_out_though_no_mark_was_carried():
    with pytest.raises(MalformedAnswerError, match="same page again"):
        ListWalk(LIST, {"n": 1}).note({"n": 1}, 1)


def test_a_walk_has_a_bound_where_none_was_named():
    walk = ListWalk(LIST)
    for number in range(9_999):
        walk.note({"n": number}, 1)
    with pytest.raises(MalformedAnswerError, match="without an end"):
        walk.note({"n": -1}, 1)
    with pytest.raises(MalformedAnswerError, match="without an end"):
        ListWalk(LIST).note({"n": 1}, 256 * 1024 * 1024)


@pytest.mark.parametrize("walk", [ListWalk(LIST, max_pages=5), ListWalk(LIST, max_bytes=5_000)])
def test_pages_and_bytes_of_one_walk_are_bounded(walk: ListWalk):
    for number in range(4):
        walk.note({"k": number}, 1_000)
    with pytest.raises(MalformedAnswerError, match="pages without an end"):
        walk.note({"k": 4}, 1_000)


def test_the_last_page_may_be_the_one_that_fills_the_measure():
    walk = ListWalk(LIST, max_pages=1, max_bytes=10)
    walk.note(None, 1_000)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (0, MalformedAnswerError),
        (-1, MalformedAnswerError),
        (3, MalformedAnswerError),
        (4, MalformedAnswerError),
        (2, DepthLimitError),
        (1, DepthLimitError),
    ],
)
async def test_a_depth_limit_that_makes_no_sense_teaches_nothing(limit: int, error: type[ProvenaError]):
    script = Script(
        [httpx.Response(400, json={"detail": f"Depth provided is in excess of depth maximum: {limit}."})]
    )
    async with client_over(script) as client:
        with pytest.raises(ProvenaError) as caught:
            await client.prov.explore("upstream", "10378.1/1", 3)
    assert (type(caught.value), caught.value.fault) == (
        error,
        "caller" if error is DepthLimitError else "deployment",
    )


@pytest.mark.asyncio
async def test_repeated_links_count_once_and_nodes_with_two_kinds_are_contradictions():
    nodes = [
        {"id": "1/1", "item_category": "ENTITY", "item_subtype": "DATASET"},
        {"id": "1/2", "item_category": None, "item_subtype": None},
        {"id": "1/1", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
        {"id": "1/2", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
        {"id": "1/2", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
    ]
    link = {"type": "wasGeneratedBy", "source": "1/1", "target": "1/2"}
    body = LINEAGE | {"graph": {"nodes": nodes, "links": [link, {**link, "type": "used"}, link]}}
    graph = await asked(lambda client: client.prov.explore("upstream", "1/1", 3), body)
    assert graph.nodes == {"1/1": Kind("ENTITY", "DATASET"), "1/2": Kind("ACTIVITY", "MODEL_RUN")}
    assert graph.links == (Link("1/1", "wasGeneratedBy", "1/2"), Link("1/1", "used", "1/2"))
    assert graph.contradictions == (
        Contradiction("kinds", "1/1"),
        Contradiction("impossible", "1/1 used 1/2"),
    )


def of_kind(item: str, category: str, subtype: str) -> dict[str, str]:
    return {"id": item, "item_category": category, "item_subtype": subtype}


def tied(source: str, relation: str, target: str) -> dict[str, str]:
    return {"type": relation, "source": source, "target": target}


MADE = tied("1/1", "wasGeneratedBy", "1/2")
DATA, MAKER = of_kind("1/1", "ENTITY", "DATASET"), of_kind("1/2", "ACTIVITY", "MODEL_RUN")
INFORMED = of_kind("1/3", "ACTIVITY", "MODEL_RUN")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("nodes", "links", "count", "contradictions"),
    [
        ([DATA, MAKER], [MADE], 2, []),
        ([DATA, MAKER], [MADE], None, []),
        ([DATA, MAKER, MAKER], [MADE, MADE], 3, []),
        # Made and used by one run: a cycle, and no contradiction.
        ([DATA, MAKER], [MADE, tied("1/2", "used", "1/1")], 2, []),
        ([DATA, MAKER], [MADE], 3, [("count", "3, not 2")]),
        ([DATA], [MADE, tied("1/2", "used", "1/4")], 3, [("undescribed", "1/2"), ("undescribed", "1/4")]),
        ([DATA, MAKER], [MADE, tied("1/2", "wasGeneratedBy", "1/1")], 2,
         [("both ways", "1/1 wasGeneratedBy 1/2")]),
        (
            [INFORMED, MAKER],
            [tied("1/3", "wasInformedBy", "1/2"), tied("1/2", "wasInformedBy", "1/3")],
            2,
            [("both ways", "1/3 wasInformedBy 1/2")],
        ),
        ([DATA, MAKER], [MADE, tied("1/2", "wasInformedBy", "1/2")], 2,
         [("itself", "1/2 wasInformedBy 1/2")]),
        ([DATA, MAKER], [MADE, tied("1/1", "used", "1/1")], 2, [("itself", "1/1 used 1/1")]),
        ([DATA, MAKER], [tied("1/1", "used", "1/2")], 2, [("impossible", "1/1 used 1/2")]),
        # Where a kind or a relation is not known, only a link of an item to itself cannot be.
        ([DATA, {"id": "1/2"}], [MADE, tied("1/2", "used", "1/1"), tied("1/2", "used", "1/2")], 2,
         [("itself", "1/2 used 1/2")]),
        ([DATA, MAKER], [tied("1/1", "sawInADream", "1/2")], 2, []),
    ],
)  # fmt: skip
async def test_what_a_graph_says_that_cannot_be_so_is_kept_with_it(
    nodes: list[Any], links: list[Any], count: int | None, contradictions: list[tuple[str, str]]
):
    body = LINEAGE | {"record_count": count, "graph": {"nodes": nodes, "links": links}}
    graph = await asked(lambda client: client.prov.explore("upstream", "1/1", 3), body)
    assert list(graph.contradictions) == contradictions


@pytest.mark.asyncio
async def test_a_failure_that_is_told_is_still_the_failure():
    refused = {"status": {"success": False, "details": "no"}, "items": None, "results": None}
    assert await asked(people, refused) is RejectedError
    assert await asked(search, refused) is RejectedError
