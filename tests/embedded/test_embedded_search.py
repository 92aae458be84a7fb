"""Search over HTTP (provena-http 7.7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.embedded.search import search
from provena_mcp.embedded.store import Store
from provena_mcp.rules.search_words import fold
from tests.embedded.conftest import Http, Load
from tests.worlds.small import dataset, item, model, person

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
    ("name", "query"),
    [
        ("Database", "databsae"),
        ("Houses", "huoses"),
        ("Analyses", "anlyses"),
        ("Increasing", "incraesing"),
        ("Glasses", "glaases"),
        ("Committee", "comitee"),
        ("Base", "baase"),
        ("Salinity", "salnity"),
    ],
)
async def test_a_misspelt_word_is_found_whatever_its_stem_ends_in(
    load: Load, http: Http, name: str, query: str
) -> None:
    load([dataset("w/a", display_name=name), dataset("w/b", display_name="Tides")])
    assert await _found(http, query) == ["w/a"]


@pytest.mark.asyncio
async def test_no_number_is_taken_for_another_but_a_part_of_one_is_found(load: Load, http: Http) -> None:
    load([dataset(f"w/{number}", display_name="Tides") for number in (1000041, 1000042)])
    assert [await _found(http, query) for query in ("1000047", "00041")] == [[], ["w/1000041"]]


@pytest.mark.asyncio
async def test_a_number_is_found_with_its_unit_whether_or_not_a_blank_parts_them(
    load: Load, http: Http
) -> None:
    names = {"w/a": "Grid of 200 m", "w/b": "Grid of 200m", "w/c": "Grid of 200 km", "w/d": "Tides of 1200 m"}
    load([dataset(item, display_name=name) for item, name in names.items()])
    assert await _found(http, "200km") == ["w/c"]
    load([dataset("w/b", display_name="Grid of 250 m")])
    assert await _found(http, "200m") == ["w/a"]


@pytest.mark.asyncio
async def test_several_misspelt_words_are_each_found(load: Load, http: Http) -> None:
    load(_world())
    assert set(await _found(http, "hydrodinamic thmod swell")) == {"w/hydro", "w/growth", "w/a"}


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
@pytest.mark.parametrize("models", [1, 5, 40, 400])
async def test_the_best_of_a_subtype_are_found_however_rare_it_is(
    load: Load, http: Http, models: int
) -> None:
    load([dataset(f"w/d{number}", display_name="Reef reef") for number in range(300)])
    load([model(f"w/m{number:03}", display_name="Reef " * (1 + number % 7)) for number in range(models)])
    async with http() as client:
        params = {"query": "reef", "record_limit": 50, "subtype_filter": "MODEL"}
        hits = (await client.get(SEARCH, params=params)).json()["results"]
        ranked = (await client.get(SEARCH, params={**params, "record_limit": 5})).json()["results"]
    scores = [hit["score"] for hit in hits]
    assert len({hit["id"] for hit in hits}) == min(models, 50)
    assert all(hit["id"].startswith("w/m") for hit in hits)
    assert scores == sorted(scores, reverse=True)
    assert [hit["score"] for hit in ranked] == scores[:5]


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


# Letters and words that are alike


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("Weißwasser catchment", ["Weißwasser", "weisswasser", "WEISSWASSER", "weissw"]),
        ("\ufb02ood depth", ["flood", "\ufb02ood", "FLOOD"]),
        ("東京湾の水温", ["水温", "東京湾", "水", "東京"]),
        ("부산항 수온", ["수온", "부산"]),
        ("อุณหภูมิน้ำ", ["อุณหภูมิ"]),
        ("Ångström exponent", ["angstrom", "Ångström", "A\u030angstro\u0308m"]),
        ("\uff23\uff34\uff24 casts", ["ctd", "\uff23\uff34\uff24"]),
        ("ÎLE d'Orléans", ["île", "ile", "orleans"]),
        ("Straße İstanbul", ["strasse", "istanbul"]),
        ("Cœur d'Ærø", ["coeur", "cœur", "CŒUR", "aero", "ærø", "ÆRØ"]),
        ("Coeur d'Aero", ["coeur", "cœur", "aero", "ærø"]),
        ("Łódź, Ǿvre Þórður, Diyarbak\u0131r", ["lodz", "ovre", "thordur", "diyarbakir", "DİYARBAKIR"]),
    ],
)
async def test_letters_are_folded_alike_in_items_and_queries(
    load: Load, http: Http, name: str, queries: list[str]
) -> None:
    load([dataset("w/a", display_name=name), dataset("w/b", display_name="Something else")])
    assert [await _found(http, query) for query in queries] == [["w/a"]] * len(queries)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_are_folded_alike_with_and_without_others_beside_them(text: str) -> None:
    assert fold(text + " é") == fold(text) + " e"


@pytest.mark.asyncio
async def test_letters_without_blanks_between_words_are_found_in_their_order_only(
    load: Load, http: Http
) -> None:
    load([dataset("w/a", display_name="温水")])
    assert await _found(http, "水温") == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("version", "name", "query"), [(2, "Straße", "strasse"), (5, "Cœur", "coeur"), (5, "Ærø", "ærø")]
)
async def test_an_index_of_before_is_made_anew(
    load: Load, store: Store, version: int, name: str, query: str
) -> None:
    load([dataset(f"w/{number}", display_name=name) for number in range(1_100)])
    with store.write() as connection:
        connection.execute("UPDATE item_text SET name = ?", (name.casefold(),))
        if version < 4:
            connection.execute("DROP TABLE graph_change")
        connection.execute(f"PRAGMA user_version = {version}")
    store.close()
    again = Store(store.path)
    with again.read() as connection:
        hits = search(connection, query, None, 2_000)
    again.close()
    assert len(hits) == 1_100
