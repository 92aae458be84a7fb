"""The six lineage routes over HTTP (provena-http 2.1, 5.5)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from provena_mcp.embedded.graph import lodge
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.embedded.conftest import Http, Load
from tests.worlds.small import chain, dataset, furniture, model_run, small_world

UPSTREAM = "/prov-api/explore/upstream"
ROUTES = {
    "upstream": (UPSTREAM, "lineage query", 2),
    "downstream": ("/prov-api/explore/downstream", "downstream query", 2),
    "contributing_datasets": (
        "/prov-api/explore/special/contributing_datasets",
        "upstream contribution query",
        4,
    ),
    "effected_datasets": ("/prov-api/explore/special/effected_datasets", "downstream effect query", 4),
    "contributing_agents": (
        "/prov-api/explore/special/contributing_agents",
        "upstream contribution query",
        4,
    ),
    "effected_agents": ("/prov-api/explore/special/effected_agents", "downstream effect query", 4),
}


def _id(node: dict[str, str]) -> str:
    return node["id"]


async def _ids(http: httpx.AsyncClient, query: str, start: str, **params: Any) -> set[str]:
    answer = await http.get(ROUTES[query][0], params={"starting_id": start, **params})
    return {node["id"] for node in answer.json()["graph"]["nodes"]}


@pytest.mark.asyncio
async def test_an_exploration_is_answered_as_node_link_json(load: Load, http: Http) -> None:
    load(small_world())
    async with http() as client:
        answer = await client.get(UPSTREAM, params={"starting_id": "w/a", "depth": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    body = answer.json()
    body["graph"]["nodes"].sort(key=_id)
    assert body == {
        "status": {"success": True, "details": "Made lineage query (with depth 1) to neo4j backend."},
        "record_count": 2,
        "graph": {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": [
                {"item_category": "ENTITY", "item_subtype": "DATASET", "id": "w/a"},
                {"item_category": "ENTITY", "item_subtype": "DATASET_TEMPLATE", "id": "w/in"},
            ],
            "links": [{"type": "wasInfluencedBy", "source": "w/a", "target": "w/in"}],
        },
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ROUTES)
@pytest.mark.parametrize("depth", [None, 0, 1, 10])
async def test_each_query_has_its_words_and_its_default_depth(
    load: Load, http: Http, query: str, depth: int | None
) -> None:
    load(small_world())
    path, words, default = ROUTES[query]
    params: dict[str, str | int] = (
        {"starting_id": "w/b"} if depth is None else {"starting_id": "w/b", "depth": depth}
    )
    async with http() as client:
        answer = await client.get(path, params=params)
    assert answer.json()["status"] == {
        "success": True,
        "details": f"Made {words} (with depth {depth or default}) to neo4j backend.",
    }


@pytest.mark.asyncio
async def test_special_queries_follow_the_worked_example(load: Load, http: Http) -> None:
    load([raw for raw in small_world() if raw["item_subtype"] != "CREATE"])
    async with http() as client:
        assert await _ids(client, "contributing_datasets", "w/b") == {"w/b", "w/run", "w/a"}
        assert await _ids(client, "effected_datasets", "w/a") == {"w/a", "w/run", "w/b"}
        assert await _ids(client, "contributing_agents", "w/b") == {"w/b", "w/run", "w/jane"}
        assert await _ids(client, "effected_agents", "w/a") == {"w/a", "w/run", "w/b", "w/jane"}
        assert await _ids(client, "effected_datasets", "w/run", depth=1) == {"w/run", "w/b"}
        assert await _ids(client, "upstream", "w/jane") == set()


@pytest.mark.asyncio
async def test_a_dataset_that_is_input_and_output_is_answered_once(load: Load, http: Http) -> None:
    load([*furniture(), dataset("w/a"), model_run("w/run", ["w/a"], ["w/a"], 10)])
    async with http() as client:
        assert await _ids(client, "contributing_datasets", "w/a") == {"w/a", "w/run"}
        assert await _ids(client, "effected_datasets", "w/a") == {"w/a", "w/run"}


@pytest.mark.asyncio
async def test_the_order_of_checks_is_role_then_form_then_depth_then_id(load: Load, http: Http) -> None:
    load(small_world())
    params_and_status = [
        ({"depth": "abc"}, 422),
        ({"starting_id": "w/none", "depth": "abc"}, 422),
        ({"starting_id": "w/none", "depth": "11"}, 400),
        # An unknown start, and a negative depth, which the graph database refuses (provena-http B1, B2).
        ({"starting_id": "w/none", "depth": "-1"}, 500),
        ({"starting_id": "w/a", "depth": "-1"}, 500),
        ({"starting_id": "w/a"}, 200),
    ]
    async with http() as client:
        answers = [await client.get(UPSTREAM, params=params) for params, _ in params_and_status]
    assert [answer.status_code for answer in answers] == [status for _, status in params_and_status]
    assert answers[0].json() == {
        "detail": [
            {"loc": ["query", "starting_id"], "msg": "field required", "type": "value_error.missing"},
            {"loc": ["query", "depth"], "msg": "value is not a valid integer", "type": "type_error.integer"},
        ]
    }
    assert answers[3].json() == {
        "detail": f"The provided id w/none was not a valid registry{' ' * 16}item. "
        "Error from registry lookup: ."
    }
    assert answers[4].json() == {
        "detail": "Neo4j lineage query experienced an exception: a path cannot have -1 relationships."
    }


@pytest.mark.asyncio
async def test_the_depth_cap_is_a_setting(load: Load, http: Http) -> None:
    load(chain(8))
    async with http(depth_cap=16) as client:
        assert len(await _ids(client, "contributing_datasets", "w/d8", depth=16)) == 17
        refused = await client.get(UPSTREAM, params={"starting_id": "w/d8", "depth": 17})
    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": "Depth provided is in excess of depth maximum: 16."},
    )


@pytest.mark.asyncio
async def test_a_ladder_of_forty_diamonds_is_no_trouble(load: Load, store: Store, http: Http) -> None:
    """2^40 paths lead down it: whoever follows each of them does not come back."""
    rungs = [
        Link(here, "wasInfluencedBy", there)
        for level in range(40)
        for here, there in (
            (f"w/{level}", f"w/{level}l"),
            (f"w/{level}", f"w/{level}r"),
            (f"w/{level}l", f"w/{level + 1}"),
            (f"w/{level}r", f"w/{level + 1}"),
        )
    ]
    kinds = {end: Kind("ENTITY", "DATASET") for link in rungs for end in (link.source, link.target)}
    load([dataset("w/0")])
    with store.write() as connection:
        lodge(connection, [("w/0", ProvenanceGraph(kinds, tuple(rungs)))])
    async with http(depth_cap=100) as client:
        answers = [
            await client.get(path, params={"starting_id": "w/0", "depth": 80})
            for path, _, _ in (ROUTES["upstream"], ROUTES["contributing_datasets"])
        ]
    assert [len(answer.json()["graph"]["links"]) for answer in answers] == [160, 160]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_long_traversal_does_not_hold_up_other_requests(store: Store, http: Http, load: Load) -> None:
    links = tuple(
        Link(f"w/{place}", "wasInfluencedBy", f"w/{place + step}")
        for place in range(20_000)
        for step in (1, 2, 3)
    )
    kinds = {end: Kind("ENTITY", "DATASET") for link in links for end in (link.source, link.target)}
    load([dataset("w/0")])
    with store.write() as connection:
        lodge(connection, [("w/0", ProvenanceGraph(kinds, links))])
    finished: list[str] = []

    async def ask(name: str, path: str, params: dict[str, Any]) -> None:
        assert (await client.get(path, params=params)).status_code == 200
        finished.append(name)

    async with http(depth_cap=100_000) as client, asyncio.TaskGroup() as group:
        group.create_task(ask("long", UPSTREAM, {"starting_id": "w/0", "depth": 100_000}))
        group.create_task(ask("health", "/prov-api/", {}))
    assert finished == ["health", "long"]
