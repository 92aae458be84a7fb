"""Nearly any answer that a service may give: what the client makes of it is what was asked for, and proven.

``PROVENA_FUZZ_CASES=10000`` runs as many cases; usually there are fewer. The seeds are fixed. Lineage and
changes have a command of their own for that: ``python -m tests.faults.fuzz``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
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
from tests.faults.brute_force import refuted
from tests.faults.fuzz import Fuzz
from tests.faults.sandbox import CASES, INSTEAD, Given, Mutation, Sandbox, fuzzed

# Thousands of cases take several times as long when every line is traced.
pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

HANDLE: Final = re.compile(r"\w[\w.]*/\w+")
NO_HANDLE: Final = {"MODEL_RUN_BATCH_SUBMIT", "GENERATE_REPORT"}
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
    if found.status != "SUCCEEDED" or found.job_sub_type not in PROVEN:
        return True
    if made is None or not made.strip():
        return False
    return found.job_sub_type in NO_HANDLE or bool(HANDLE.fullmatch(made))


def is_batch(found: Any) -> bool:
    jobs = [each for page in found for each in page.jobs]
    sessions = [each.session_id for each in jobs]
    return (
        all(each.batch_id == "b1" and each.job_sub_type == "MODEL_RUN_PROV_LODGE" for each in jobs)
        and all(map(is_proven, jobs))
        and len(set(sessions)) == len(sessions)
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
        lambda found: bool(HANDLE.fullmatch(found.item.id)) and found.item.item_subtype == "PERSON",
    ),
    (
        lambda client: client.registry.version("MODEL", "1/7", "why"),
        {"new_version_id": "1/8", "version_job_session_id": "s1"},
        lambda found: bool(HANDLE.fullmatch(found.new_version_id)) and found.new_version_id != "1/7",
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


NAMES: Final = [
    *(f"job {subtype}" for subtype in PROVEN),
    "batch",
    "item",
    "typed item",
    "list of items",
    "list of people",
    "search",
    "registration",
    "creation",
    "version",
    "lineage",
]


@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_what_is_changed_here_holds_unchanged(question: tuple[Asked, object, Holds]):
    assert question[2](answer_to(question, question[1]))


@fuzzed(CASES)
@given(number=st.integers(0, 2**32))
def test_what_the_client_makes_of_an_answer_is_what_was_asked_for_or_an_error(number: int):
    question = QUESTIONS[number % len(QUESTIONS)]
    body = Mutation(number)(question[1])
    found = answer_to(question, body)
    if not isinstance(found, ProvenaError):
        assert question[2](found), (
            f"{NAMES[number % len(QUESTIONS)]}, seed {number}: {json.dumps(body)} -> {found}"
        )


GRAPHS_CASES: Final = max(CASES // 5, 5)
CHANGES_CASES: Final = max(CASES // 20, 5)


@pytest.fixture(scope="module")
def fuzz():
    sandbox = Sandbox()
    try:
        yield Fuzz(sandbox)
    finally:
        sandbox.close()


# Cases of the fuzz that were wrong once, by what is special in them.
ONE_OF_SEVERAL_REQUESTS_FAILS_WHILE_THE_OTHERS_ARE_UNDER_WAY: Final = (4338, 4339)
A_JOB_THAT_IS_DONE_NAMES_ITS_RUN_BY_SOMETHING_THAT_IS_NO_HANDLE: Final = (1158, 1162)
JOBS_THAT_ARE_DONE_NAME_OTHER_RUNS_THAN_THEY_MADE: Final = (1207, 1215, 1255)


def test_no_answer_is_called_complete_that_the_graphs_it_rests_on_refute(fuzz: Fuzz):
    for number in (*range(GRAPHS_CASES), *ONE_OF_SEVERAL_REQUESTS_FAILS_WHILE_THE_OTHERS_ARE_UNDER_WAY):
        fuzz.ask(number)
    assert fuzz.wrong == []
    assert {"complete", "said to be incomplete"} <= fuzz.outcomes.keys()


def test_nothing_is_said_to_have_succeeded_that_is_not_there_once(fuzz: Fuzz):
    for number in (
        *range(CHANGES_CASES),
        *A_JOB_THAT_IS_DONE_NAMES_ITS_RUN_BY_SOMETHING_THAT_IS_NO_HANDLE,
        *JOBS_THAT_ARE_DONE_NAME_OTHER_RUNS_THAN_THEY_MADE,
    ):
        fuzz.write(number)
    assert fuzz.wrong == []
    assert {"succeeded", "error"} <= fuzz.outcomes.keys()


def of_makers(*subtypes: str | None) -> Given:
    """The lineage of a dataset that was made by activities of these kinds."""
    makers = [
        {"id": f"1/{n}", "item_category": "ACTIVITY", "item_subtype": s} for n, s in enumerate(subtypes)
    ]
    links = [{"type": "wasGeneratedBy", "source": "10378.1/2", "target": maker["id"]} for maker in makers]
    graph = {"nodes": [GRAPH["nodes"][0], *makers], "links": links}
    body = {"status": OK, "graph": graph}
    return Given("/prov-api/explore/upstream", {"starting_id": "10378.1/2", "depth": "10"}, 200, body)


EXPLORED: Final = of_makers("CREATE")
TOLD: Final = {
    "start": {"id": "10378.1/2"},
    "depth": {"asked": 9, "reached": 1},
    "complete": True,
    "totals": {"by_hop": {"0": 1, "1": 1}},
    "nodes": {"0": {"DATASET": [[0, "10378.1/2"]]}, "1": {"CREATE": [[1, "1/0", "named"]]}},
}


def without_links(given: Given) -> Given:
    return replace(given, body={"status": OK, "graph": {**given.body["graph"], "links": []}})


@pytest.mark.parametrize(
    ("told", "given", "untrue"),
    [
        (TOLD, EXPLORED, None),
        (TOLD, without_links(EXPLORED), "explore_upstream is called complete, but nothing joins"),
        ({**TOLD, "complete": False}, without_links(EXPLORED), "1/0 is said to be 1 hops away"),
        ({**TOLD, "totals": {"by_hop": {"0": 1}}}, EXPLORED, "complete with {0: 1} items by hop instead of"),
        (
            TOLD,
            replace(EXPLORED, query={**EXPLORED.query, "depth": "1"}),
            "complete, though nobody asked what",
        ),
        (TOLD, of_makers(None), "explore_upstream is called complete, but 1/0 is of no kind that exists"),
        (TOLD, of_makers("STUDY"), "explore_upstream is called complete, but ('DATASET', 'wasGeneratedBy', "),
        (TOLD, of_makers("MODEL_RUN"), "explore_upstream is called complete, but 1/0 has no {"),
        (TOLD, of_makers("VERSION"), "explore_upstream is called complete, but 1/0 is no CREATE"),
    ],
)
def test_what_is_not_so_is_found_out(told: dict[str, Any], given: Given, untrue: str | None):
    held = {"1/0": given.body["graph"]["nodes"][1]["item_subtype"]}
    found = refuted("explore_upstream", told, [given], held)
    assert found is None if untrue is None else found is not None and found.startswith(untrue)


def test_what_stands_instead_is_of_every_kind():
    assert {type(value) for value in INSTEAD} >= {type(None), bool, int, float, str, list, dict}
