import json
from typing import Any

import httpx
import pytest

from provena_mcp.errors import ArgumentError, MalformedAnswerError, NotFoundError, RejectedError
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery
from tests.client.provena_stand_in import GRAPH, LINEAGE, Script, client_over, json_answer

EXPECTED = ProvenanceGraph(
    {"10378.1/2": Kind("ENTITY", "DATASET"), "10378.1/1": Kind("ACTIVITY", "MODEL_RUN")},
    (Link("10378.1/2", "wasGeneratedBy", "10378.1/1"),),
)


async def explored(answer: httpx.Response, query: LineageQuery = "upstream") -> ProvenanceGraph:
    async with client_over(Script([answer])) as client:
        return await client.prov.explore(query, "10378.1/2", 3)


def lineage_with(**changes: Any) -> dict[str, Any]:
    return LINEAGE | {"graph": {key: value for key, value in (GRAPH | changes).items() if value is not None}}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("upstream", "/prov-api/explore/upstream"),
        ("downstream", "/prov-api/explore/downstream"),
        ("contributing_datasets", "/prov-api/explore/special/contributing_datasets"),
        ("effected_datasets", "/prov-api/explore/special/effected_datasets"),
        ("contributing_agents", "/prov-api/explore/special/contributing_agents"),
        ("effected_agents", "/prov-api/explore/special/effected_agents"),
    ],
)
async def test_each_query_asks_its_route_and_encodes_the_id(query: LineageQuery, path: str):
    script = Script([json_answer(LINEAGE)])
    async with client_over(script) as client:
        graph = await client.prov.explore(query, "10378.1/2&depth=9", 3)
    (request,) = script.requests
    assert graph == EXPECTED
    assert request.url.path == path
    assert dict(request.url.params) == {"starting_id": "10378.1/2&depth=9", "depth": "3"}


@pytest.mark.asyncio
async def test_edges_are_taken_for_links():
    answer = json_answer(lineage_with(links=None, edges=GRAPH["links"]))
    assert await explored(answer) == EXPECTED


@pytest.mark.asyncio
async def test_a_relation_that_nobody_knows_is_taken_as_it_is():
    links = [{"type": "sawInADream", "source": "10378.1/2", "target": "10378.1/1"}]
    graph = await explored(json_answer(lineage_with(links=links)))
    assert graph == ProvenanceGraph(EXPECTED.nodes, (Link("10378.1/2", "sawInADream", "10378.1/1"),))


@pytest.mark.asyncio
async def test_a_graph_with_neither_links_nor_edges_is_malformed():
    with pytest.raises(MalformedAnswerError, match="neither 'links' nor 'edges'"):
        await explored(json_answer(lineage_with(links=None)))


@pytest.mark.asyncio
async def test_null_and_missing_kinds_become_empty():
    answer = json_answer(
        lineage_with(
            nodes=[
                {"id": "10378.1/1", "item_category": None, "item_subtype": None},
                {"id": "10378.1/2", "item_category": "ENTITY"},
            ]
        )
    )
    assert (await explored(answer)).nodes == {"10378.1/1": Kind("", ""), "10378.1/2": Kind("ENTITY", "")}


@pytest.mark.asyncio
async def test_a_link_to_an_unlisted_node_brings_that_node_along():
    answer = json_answer(lineage_with(nodes=GRAPH["nodes"][:1]))
    assert (await explored(answer)).nodes == {
        "10378.1/2": Kind("ENTITY", "DATASET"),
        "10378.1/1": Kind("", ""),
    }


@pytest.mark.asyncio
async def test_an_item_outside_the_graph_has_an_empty_lineage():
    nothing = lineage_with(nodes=[], links=[]) | {"record_count": 0}
    assert await explored(json_answer(nothing)) == ProvenanceGraph({}, ())


@pytest.mark.asyncio
async def test_a_failed_status_in_a_200_is_a_failure():
    with pytest.raises(RejectedError) as caught:
        await explored(json_answer(LINEAGE | {"status": {"success": False, "details": "no"}}))
    assert caught.value.upstream == "no"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "nothing at all"),
        (b'{"status": {"success": true}, "graph": {"nodes": [', "not JSON, or cut short"),
        (b"[]", "JSON of another shape, first at 'its root'"),
        (b'{"status": {"success": true}, "graph": {"nodes": {}, "links": []}}', "first at 'graph.nodes'"),
        (
            json.dumps(lineage_with(links=[{"type": "used", "source": "a"}])).encode(),
            "first at 'graph.links.0.target'",
        ),
        (b"  <!DOCTYPE html><html><title>Log in</title></html>", "a web page instead of JSON"),
    ],
)
async def test_an_answer_of_another_shape_is_malformed_and_says_where(body: bytes, why: str):
    with pytest.raises(MalformedAnswerError) as caught:
        await explored(httpx.Response(200, content=body, headers={"content-type": "application/json"}))
    assert why in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.asyncio
@pytest.mark.parametrize("depth", [0, -1])
async def test_a_depth_below_one_is_refused_before_anything_is_sent(depth: int):
    script = Script([json_answer(LINEAGE)])
    async with client_over(script) as client:
        with pytest.raises(ArgumentError) as caught:
            await client.prov.explore("upstream", "10378.1/2", depth)
    assert (caught.value.parameter, script.requests) == ("depth", [])


@pytest.mark.asyncio
async def test_a_blank_id_is_refused_before_anything_is_sent():
    script = Script([json_answer(LINEAGE)])
    async with client_over(script) as client:
        with pytest.raises(ArgumentError) as caught:
            await client.prov.explore("upstream", " ", 1)
    assert (caught.value.parameter, script.requests) == ("starting_id", [])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (
            500,
            f"The provided id 10378.1/2 was not a valid registry{' ' * 16}item. Error from registry: .",
        ),
        (400, "Could not validate item with id 10378.1/2."),
    ],
)
async def test_an_unknown_start_is_not_found_whatever_its_status(status: int, detail: str):
    with pytest.raises(NotFoundError) as caught:
        await explored(json_answer({"detail": detail}, status))
    error = caught.value
    assert (error.item_id, error.message) == ("10378.1/2", "There is no registered item '10378.1/2'.")
    assert "`search.search`" in error.advice
