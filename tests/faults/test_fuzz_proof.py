"""Nearly any answer that a service may give: what the client makes of it is what was asked for, and proven.

``PROVENA_FUZZ_CASES=10000`` runs as many cases; usually there are fewer. The seeds are fixed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.client import ItemPage, JobPage, ProvenaClient
from provena_mcp.client.checks import proof_of
from provena_mcp.errors import ProvenaError
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.jobs import Job
from provena_mcp.wire.registry import ListFilter, ListRequest, SearchHit
from tests.client.provena_stand_in import GRAPH, RECORD, client_over
from tests.faults.test_fuzz import CASES, INSTEAD, Mutation, Sandbox, error_of, fuzzed

# Thousands of cases take several times as long when every line is traced.
pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

OK: Final = {"success": True, "details": ""}
PROVEN: Final = {
    "MODEL_RUN_PROV_LODGE": {"record": {"id": "1/1"}},
    "MODEL_RUN_UPDATE": {"record": {"id": "1/1"}},
    "MODEL_RUN_BATCH_SUBMIT": {"batch_id": "b1"},
    "REGISTER_CREATE_ACTIVITY": {"creation_activity_id": "1/2", "lodge_session_id": "s2"},
    "GENERATE_REPORT": {"report_url": "https://storage.example.org/r.docx"},
}


def job(subtype: str, number: int = 1, **fields: object) -> dict[str, object]:
    return {
        "session_id": f"s{number}",
        "created_timestamp": number,
        "status": "SUCCEEDED",
        "job_sub_type": subtype,
        "result": PROVEN[subtype],
        **fields,
    }


def person(number: int) -> dict[str, object]:
    return {"id": f"1/{number}", "item_category": "AGENT", "item_subtype": "PERSON", "display_name": "P"}


def row(number: int) -> dict[str, object]:
    return job("MODEL_RUN_PROV_LODGE", number, batch_id="b1", result={"record": {"id": f"1/{number}"}})


async def whole_batch(client: ProvenaClient) -> list[JobPage]:
    return [page async for page in client.jobs.batch_pages("b1")]


def is_asked_job(found: Any) -> bool:
    return isinstance(found, Job) and found.session_id == "s1" and is_proven(found)


def is_proven(found: Job) -> bool:
    made = proof_of(found)
    return found.status != "SUCCEEDED" or found.job_sub_type not in PROVEN or bool(made and made.strip())


def is_batch(found: Any) -> bool:
    jobs = [each for page in found for each in page.jobs]
    runs = [made for each in jobs if each.status == "SUCCEEDED" and (made := proof_of(each))]
    sessions = [each.session_id for each in jobs]
    return (
        all(each.batch_id == "b1" and each.job_sub_type == "MODEL_RUN_PROV_LODGE" for each in jobs)
        and all(map(is_proven, jobs))
        and len(set(sessions)) == len(sessions)
        and len(set(runs)) == len(runs)
    )


def is_list_of_people(found: Any) -> bool:
    assert isinstance(found, ItemPage)
    ids = [item.id for item in found.items]
    return len(set(ids)) == len(ids) and all(item.item_subtype == "PERSON" for item in found.items)


def are_distinct_hits(found: Any) -> bool:
    ids = [hit.id for hit in found if isinstance(hit, SearchHit) and hit.id.strip()]
    return len(set(ids)) == len(ids) == len(found) <= 10


def is_graph(found: Any) -> bool:
    assert isinstance(found, ProvenanceGraph)
    ends = {end for link in found.links for end in (link.source, link.target)}
    return len(set(found.links)) == len(found.links) and ends <= found.nodes.keys()


Asked = Callable[[ProvenaClient], Awaitable[object]]
Holds = Callable[[Any], bool]

QUESTIONS: Final[list[tuple[Asked, object, Holds]]] = [
    *((lambda client: client.jobs.fetch("s1"), {"job": job(subtype)}, is_asked_job) for subtype in PROVEN),
    (whole_batch, {"jobs": [row(1), row(2), row(3)], "pagination_key": None}, is_batch),
    (
        lambda client: client.registry.fetch("1/7"),
        {"status": OK, "item": person(7)},
        lambda found: found.id == "1/7",
    ),
    (
        lambda client: client.registry.fetch_typed("PERSON", "1/7"),
        {"status": OK, "item": person(7), "roles": ["metadata-read"], "locked": False},
        lambda found: (found.item.id, found.item.item_subtype) == ("1/7", "PERSON"),
    ),
    (
        lambda client: client.registry.list(ListRequest(filter_by=ListFilter(item_subtype="PERSON"))),
        {"status": OK, "items": [person(1), person(2), person(2)], "pagination_key": None},
        is_list_of_people,
    ),
    (
        lambda client: client.registry.list_typed("PERSON", ListRequest()),
        {"status": OK, "items": [person(1)], "seed_items": [person(2)], "pagination_key": None},
        is_list_of_people,
    ),
    (
        lambda client: client.search.search("reef"),
        {"status": OK, "results": [{"id": "1/1", "score": 2.0}, {"id": "1/1", "score": 1.0}]},
        are_distinct_hits,
    ),
    (
        lambda client: client.prov.register(RECORD),
        {"status": OK, "session_id": "s1"},
        lambda found: bool(found.session_id.strip()),
    ),
    (
        lambda client: client.registry.create("PERSON", {}),
        {"status": OK, "created_item": person(7), "register_create_activity_session_id": "s1"},
        lambda found: bool(found.item.id.strip()) and found.item.item_subtype == "PERSON",
    ),
    (
        lambda client: client.registry.version("MODEL", "1/7", "why"),
        {"new_version_id": "1/8", "version_job_session_id": "s1"},
        lambda found: bool(found.new_version_id.strip()) and found.new_version_id != "1/7",
    ),
    (
        lambda client: client.prov.explore("upstream", "10378.1/2", 3),
        {"status": OK, "record_count": 2, "graph": GRAPH},
        is_graph,
    ),
]  # fmt: skip


def answer_to(question: tuple[Asked, object, Holds], body: object) -> object:
    """What the client makes of ``body``, or the error that it raises."""

    async def ask() -> object:
        async with client_over(lambda _: httpx.Response(200, json=body)) as client:
            try:
                return await question[0](client)
            except ProvenaError as error:
                return error

    return asyncio.run(ask())


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_what_is_changed_here_holds_unchanged(question: tuple[Asked, object, Holds]):
    assert question[2](answer_to(question, question[1]))


@fuzzed(CASES)
@given(number=st.integers(0, 2**32))
def test_what_the_client_makes_of_an_answer_is_what_was_asked_for_or_an_error(number: int):
    question = QUESTIONS[number % len(QUESTIONS)]
    body = Mutation(number)(question[1])
    found = answer_to(question, body)
    if not isinstance(found, ProvenaError):
        assert question[2](found), f"seed {number}: {json.dumps(body)} -> {found}"


@pytest.fixture(scope="module")
def writing():
    """A server before the sample world, and a record that can be registered there under other names."""
    sandbox = Sandbox()
    try:
        yield sandbox, record_to_write(sandbox)
    finally:
        sandbox.close()


def record_to_write(sandbox: Sandbox) -> dict[str, Any]:
    listed = sandbox.call("list_items", {"subtype": "MODEL_RUN", "limit": 40}).structured_content
    for item in reversed(listed["items"]):
        full = sandbox.call("fetch_items", {"ids": [item["id"]], "detail": "full"}).structured_content
        record = full["items"][0]["record"]["record"]
        again = {"record": {**record, "display_name": "as it was"}}
        if sandbox.call("register_model_run", again).structured_content.get("reference"):
            return record
    raise LookupError("No run of the sample world could be registered again.")


def test_a_run_that_is_registered_is_said_to_be(writing: tuple[Sandbox, dict[str, Any]]):
    sandbox, record = writing
    given = {"record": {**record, "display_name": "Told truly"}}
    shown = sandbox.call("register_model_run", given).structured_content
    confirmed = {"reference": shown["reference"], "confirm": True, "wait": True}
    assert sandbox.call("register_model_run", confirmed).structured_content["status"] == "succeeded"


@fuzzed(max(CASES // 20, 5))
@given(number=st.integers(0, 2**32))
def test_no_run_is_said_to_be_registered_that_is_not(writing: tuple[Sandbox, dict[str, Any]], number: int):
    sandbox, record = writing
    named = {**record, "display_name": f"Run {number}"}
    shown = sandbox.call("register_model_run", {"record": named, "allow_duplicate": True}).structured_content
    change = Mutation(number)

    def lie(body: Any) -> Any:
        """About jobs only: the run itself is registered as it should be."""
        return change(body) if isinstance(body, dict) and ("job" in body or "jobs" in body) else body

    sandbox.change = lie
    result = sandbox.call(
        "register_model_run", {"reference": shown["reference"], "confirm": True, "wait": True}
    )
    sandbox.change = None
    if result.is_error:
        assert error_of(result)["kind"] != "Internal"
        return
    told = result.structured_content
    if told["status"] == "succeeded":
        made = sandbox.call("fetch_items", {"ids": [told["model_run_id"]]}).structured_content
        assert [item["name"] for item in made["items"]] == [named["display_name"]], f"seed {number}: {told}"


def test_what_stands_instead_is_of_every_kind():
    assert {type(value) for value in INSTEAD} >= {type(None), bool, int, float, str, list, dict}
