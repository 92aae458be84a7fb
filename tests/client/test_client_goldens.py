"""Recorded exchanges of the real services, replayed to the client ."""

import base64
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ProvenaClient, ReadyToken
from provena_mcp.errors import (
    DeploymentError,
    DepthLimitError,
    ForbiddenError,
    NotFoundError,
    NotLoggedInError,
    ProvenaError,
    RejectedError,
    WrongSubtypeError,
)
from provena_mcp.queries.lineage.neighbourhood import doubt_of
from provena_mcp.rules.graph import Link, ProvenanceGraph
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.lineage import LineageQuery
from provena_mcp.wire.registry import ListRequest
from provena_mcp.wire.subtypes import ROUTE_OF
from tests.client.provena_stand_in import RECORD, Script, client_over
from tests.recordings.recorded import IS_WHOLE, RECORDINGS, Exchange, read_exchanges

Ask = Callable[[ProvenaClient, Exchange], Awaitable[object]]


def exchanges(*names: str) -> list[Exchange]:
    return [exchange for name in names for exchange in read_exchanges(RECORDINGS / f"{name}.jsonl")]


ALL = exchanges("prov", "prov_depth100", "registry", "job", "auth", "search")


def parameter(exchange: Exchange, name: str, otherwise: str = "10378.1/9999999") -> str:
    request = exchange["request"]
    sources = (request.get("params") or {}, request["json"] if isinstance(request.get("json"), dict) else {})
    return next((str(source[name]) for source in sources if str(source.get(name) or "").strip()), otherwise)


def _explore(query: LineageQuery) -> Ask:
    def ask(client: ProvenaClient, exchange: Exchange) -> Awaitable[object]:
        try:
            depth = max(1, int(parameter(exchange, "depth")))
        except ValueError:
            depth = 3
        return client.prov.explore(query, parameter(exchange, "starting_id"), depth)

    return ask


def _subtype(exchange: Exchange) -> Any:
    path = exchange["request"]["path"]
    return next(subtype for subtype, route in ROUTE_OF.items() if path.startswith(route + "/"))


ASK: dict[str, Ask] = {
    "/": lambda client, _: client.prov.health(),
    "/explore/upstream": _explore("upstream"),
    "/explore/downstream": _explore("downstream"),
    "/explore/special/contributing_datasets": _explore("contributing_datasets"),
    "/explore/special/effected_datasets": _explore("effected_datasets"),
    "/explore/special/contributing_agents": _explore("contributing_agents"),
    "/explore/special/effected_agents": _explore("effected_agents"),
    "/explore/generate/report": lambda client, e: client.prov.generate_report(parameter(e, "id"), "STUDY", 1),
    "/model_run/register": lambda client, _: client.prov.register(RECORD),
    "/model_run/register_batch": lambda client, _: client.prov.register_batch((RECORD,)),
    "/model_run/update": lambda client, e: client.prov.update(parameter(e, "model_run_id"), "why", RECORD),
    "/model_run/edit/link_to_study": lambda client, e: client.prov.link_to_study(
        parameter(e, "model_run_id"), parameter(e, "study_id")
    ),
    "/model_run/delete": lambda client, e: client.prov.delete_model_run(parameter(e, "record_id")),
    "/bulk/generate_template/csv": lambda client, e: client.prov.generate_template_csv(
        parameter(e, "workflow_template_id")
    ),
    "/bulk/convert_model_runs/csv": lambda client, _: client.prov.convert_csv(b""),
    "/bulk/regenerate_from_batch/csv": lambda client, e: client.prov.regenerate_csv(parameter(e, "batch_id")),
    "/check-access/check-general-access": lambda client, _: client.prov.check_access(),
    "/check-access/check-read-access": lambda client, _: client.prov.check_access("read"),
    "/check-access/check-write-access": lambda client, _: client.prov.check_access("write"),
    "/check-access/check-admin-access": lambda client, _: client.prov.check_access("admin"),
    "/admin/config": lambda client, _: client.prov.config_text(),
    "/admin/store_record": lambda client, _: client.prov.store_record({}),
    "/admin/store_records": lambda client, _: client.prov.store_records(({},)),
    "/admin/store_all_registry_records": lambda client, _: client.prov.store_all_registry_records(),
    "/registry/general/fetch": lambda client, e: client.registry.fetch(parameter(e, "id")),
    "/registry/general/list": lambda client, _: client.registry.list(ListRequest()),
    "/registry/general/about/version": lambda client, _: client.registry.version_details(),
    "…/fetch": lambda client, e: client.registry.fetch_typed(_subtype(e), parameter(e, "id")),
    "…/list": lambda client, e: client.registry.list_typed(_subtype(e), ListRequest()),
    "…/create": lambda client, e: client.registry.create(_subtype(e), {}),
    "…/seed": lambda client, e: client.registry.seed(_subtype(e)),
    "…/version": lambda client, e: client.registry.version(_subtype(e), parameter(e, "id"), "why"),
    "/jobs/user/fetch": lambda client, e: client.jobs.fetch(parameter(e, "session_id")),
    "/jobs/user/list": lambda client, _: client.jobs.list(),
    "/jobs/user/list_batch": lambda client, e: client.jobs.list_batch(parameter(e, "batch_id")),
    "/link/user/lookup": lambda client, _: client.auth.linked_person(),
    "/search/entity-registry": lambda client, e: client.search.search(parameter(e, "query")),
}


def asked(exchange: Exchange) -> Ask | None:
    """The client's method for the route of an exchange; none for routes the client does not use."""
    path = exchange["request"]["path"]
    if path in ASK:
        return ASK[path]
    for route in ROUTE_OF.values():
        if path.startswith(route + "/"):
            return ASK.get("…/" + path.removeprefix(route + "/"))
    return None


def response(exchange: Exchange) -> httpx.Response:
    recorded = exchange["response"]
    headers = {"content-type": recorded["headers"].get("content-type", "")}
    if "base64" in recorded:
        content = base64.b64decode(recorded["base64"])
    elif "text" in recorded:
        content = recorded["text"].encode()
    else:
        content = json.dumps(recorded["json"]).encode()
    return httpx.Response(recorded["status"], content=content, headers=headers)


def failed(exchange: Exchange) -> bool:
    recorded = exchange["response"]
    body = recorded.get("json")
    status = body.get("status") if isinstance(body, dict) else None
    return recorded["status"] != 200 or (isinstance(status, dict) and status["success"] is False)


# Status and distinguishing words -> what the caller has to be told (provena-http 2, 3, 4, 6, 7, 8).
MEANING: list[tuple[int, str, type[ProvenaError], str]] = [
    (400, r"excess of depth maximum: 100\.", DepthLimitError, "depth 100 or less"),
    (400, r"excess of depth maximum: 10\.", DepthLimitError, "depth 10 or less"),
    (401, "Not authenticated", NotLoggedInError, "Log in"),
    (401, "Could not validate credentials", NotLoggedInError, "Log in"),
    (401, "correct role", ForbiddenError, "entity-registry-"),
    (401, "Not authorised to view this record", ForbiddenError, "your own jobs"),
    (500, "was not a valid registry", NotFoundError, "`search.search`"),
    (500, "Internal Server Error", DeploymentError, "batch_id"),
    (500, "", DeploymentError, "`health`"),
    (404, "", DeploymentError, "PROVENA_DOMAIN"),
    (405, "", DeploymentError, "PROVENA_DOMAIN"),
    (422, "", RejectedError, "fields that Provena names"),
    (200, "not available in the registry|Could not find the given key", NotFoundError, "`search.search`"),
    (200, "could not parsed", WrongSubtypeError, "`search.search`"),
    (400, "Item was not found", NotFoundError, "`jobs.list`"),
]

# One item is what these are about, so an unknown one is not found rather than rejected content.
ABOUT_AN_ITEM = re.compile(r"generate_template|link_to_study|model_run/delete")


def meaning(exchange: Exchange) -> tuple[type[ProvenaError], str]:
    status, words = exchange["response"]["status"], response(exchange).text
    for known_status, fragment, error, advice in MEANING:
        if status == known_status and re.search(fragment, words):
            return error, advice
    assert status == 400
    if ABOUT_AN_ITEM.search(exchange["request"]["path"]):
        if "Could not find the given key" in words:
            return NotFoundError, "`search.search`"
        if "could not parsed" in words:
            return WrongSubtypeError, "`search.search`"
    return RejectedError, "Correct what Provena names"


FAILURES = [exchange for exchange in ALL if failed(exchange) and asked(exchange)]
SUCCESSES = [exchange for exchange in ALL if not failed(exchange) and asked(exchange)]


async def replayed(exchange: Exchange) -> object:
    ask = asked(exchange)
    assert ask is not None
    async with client_over(Script([response(exchange)]), tokens=ReadyToken(SecretStr("t0ken"))) as client:
        return await ask(client, exchange)


def test_nearly_every_recorded_exchange_has_a_method():
    """Only routes that the client leaves out on purpose are not replayed."""
    left_out = {exchange["request"]["path"] for exchange in ALL if not asked(exchange)}
    assert {path for path in left_out if not re.search(LEFT_OUT, path)} == set()


LEFT_OUT = (
    r"openapi|sentry-debug|register_sync|graph/admin|/nope|/proxy/|/auth/|/schema|/jobs/admin|/jobs/user/retry"
    r"|link/user/assign"
)


@pytest.mark.asyncio
@pytest.mark.parametrize("exchange", FAILURES, ids=lambda exchange: exchange["name"])
async def test_a_recorded_failure_becomes_the_error_that_helps(exchange: Exchange):
    error, advice = meaning(exchange)
    with pytest.raises(ProvenaError) as caught:
        await replayed(exchange)
    assert type(caught.value) is error
    assert advice in caught.value.advice
    if error is not DepthLimitError:
        assert caught.value.upstream
        assert caught.value.upstream not in caught.value.message


@pytest.mark.asyncio
async def test_every_recorded_success_is_read():
    read = [await replayed(exchange) for exchange in SUCCESSES]
    assert len(read) == len(SUCCESSES) > (200 if IS_WHOLE else 80)


@pytest.mark.asyncio
async def test_a_recorded_graph_is_read_whole():
    lineage = [exchange for exchange in SUCCESSES if "/explore/" in exchange["request"]["path"]]
    lineage = [exchange for exchange in lineage if "graph" in exchange["response"]["json"]]
    for exchange in lineage:
        recorded = exchange["response"]["json"]["graph"]
        graph = await replayed(exchange)
        assert isinstance(graph, ProvenanceGraph)
        assert graph.contradictions == ()
        query = cast(LineageQuery, exchange["request"]["path"].rpartition("/")[2])
        usual = 2 if query in ("upstream", "downstream") else 4
        depth = int(parameter(exchange, "depth", "0")) or usual
        assert await doubt_of(graph, query, parameter(exchange, "starting_id"), depth) is None
        assert set(graph.nodes) == {node["id"] for node in recorded["nodes"]}
        assert set(graph.links) == {
            Link(link["source"], link["type"], link["target"]) for link in recorded["links"]
        }


@pytest.mark.asyncio
async def test_a_recorded_item_gives_back_the_json_it_was_read_from():
    fetched = [exchange for exchange in SUCCESSES if exchange["request"]["path"] == "/registry/general/fetch"]
    assert fetched
    for exchange in fetched:
        item = await replayed(exchange)
        assert isinstance(item, RegistryItem)
        assert item.as_json() == exchange["response"]["json"]["item"]
