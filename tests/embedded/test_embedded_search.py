"""Search over HTTP (provena-http 7.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.worlds.small import dataset, item, model, person

Http = Callable[..., httpx.AsyncClient]
Load = Callable[..., Any]
SEARCH = "/search/search/entity-registry"


async def _found(http: Http, query: str, **params: Any) -> list[str]:
    async with http() as client:
        answer = await client.get(SEARCH, params={"query": query, **params})
    return [hit["id"] for hit in answer.json()["results"]]


def _world() -> list[dict[str, Any]]:
    return [
        person("w/jane", display_name="Jane Doe"),
        model("w/hydro", display_name="Hydrodynamic model", description="Currents on the reef"),
        model("w/growth", display_name="GrowthModel", description="How corals grow, given currents"),
        dataset("w/a", display_name="Réef currents 2020"),
        item("w/study", "STUDY", 9, display_name="Reef futures", title="Futures", description="x"),
    ]


@pytest.mark.asyncio
async def test_an_answer_is_ids_and_falling_scores(load: Load, http: Http) -> None:
    load(_world())
    async with http() as client:
        answer = await client.get(SEARCH, params={"query": "reef currents"})
    body = answer.json()
    scores = [hit.pop("score") for hit in body["results"]]
    assert body == {
        "status": {"success": True, "details": "Returned 4 results with no issues."},
        "results": [{"id": "w/a"}, {"id": "w/hydro"}, {"id": "w/study"}, {"id": "w/growth"}],
        "warnings": None,
    }
    assert scores == sorted(scores, reverse=True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("w/growth", "w/growth"),
        ("HYDRO", "w/hydro"),
        ("hydrodinamic", "w/hydro"),
        ("thmod", "w/growth"),
        ("growing coral", "w/growth"),
        ("jane", "w/jane"),
        ("swell", "w/a"),
    ],
)
async def test_words_are_found_by_beginning_inside_misspelt_inflected_and_as_ids(
    load: Load, http: Http, query: str, first: str
) -> None:
    load(_world())
    assert (await _found(http, query))[0] == first


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        '"',
        "*",
        "AND OR NOT",
        "NEAR(",
        "name:reef",
        'a"b',
        "(((",
        "-",
        "'; DROP TABLE item; --",
        "{x}^2",
        "\0",
    ],
)
async def test_search_syntax_in_a_query_is_only_text(load: Load, http: Http, query: str) -> None:
    load(_world())
    async with http() as client:
        answer = await client.get(SEARCH, params={"query": query})
    assert (answer.status_code, answer.json()["status"]["success"]) == (200, True)


@pytest.mark.asyncio
async def test_nothing_private_or_administrative_is_searched(load: Load, http: Http) -> None:
    load(_world())
    assert [await _found(http, word) for word in ("example", "COMPLETE_ITEM", "doc")] == [[], [], []]


@pytest.mark.asyncio
async def test_a_subtype_filters_and_an_unknown_one_is_refused(load: Load, http: Http) -> None:
    load(_world())
    assert await _found(http, "reef", subtype_filter="STUDY") == ["w/study"]
    async with http() as client:
        refused = await client.get(SEARCH, params={"query": "reef", "subtype_filter": "FISH"})
        missing = await client.get(SEARCH)
    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (422, "type_error.enum")
    assert missing.json() == {
        "detail": [{"loc": ["query", "query"], "msg": "field required", "type": "value_error.missing"}]
    }


@pytest.mark.asyncio
async def test_ten_results_unless_asked_otherwise_and_never_more_than_fifty(load: Load, http: Http) -> None:
    load([dataset(f"w/{number}", display_name="Same") for number in range(60)])
    counts = [
        len(await _found(http, "same", **params))
        for params in ({}, {"record_limit": 0}, {"record_limit": 7}, {"record_limit": 1000})
    ]
    assert counts == [10, 10, 7, 50]


@pytest.mark.asyncio
async def test_a_changed_item_is_found_by_its_new_words_only(load: Load, http: Http) -> None:
    load([dataset("w/a", display_name="Lagoon")])
    load([dataset("w/a", display_name="Estuary")])
    assert [await _found(http, word) for word in ("lagoon", "estuary")] == [[], ["w/a"]]


@pytest.mark.asyncio
async def test_seeds_are_not_found(load: Load, http: Http) -> None:
    load([{**dataset("w/seed", display_name="Lagoon"), "record_type": "SEED_ITEM"}])
    assert await _found(http, "lagoon") == []
