"""Searches: what matched, and what tells items of one name apart."""

from pathlib import Path

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client


@pytest.mark.asyncio(loop_scope="session")
async def test_search_ranks_both_datasets_of_one_name_first_with_what_tells_them_apart(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "search_items", query="coral cover survey heron", subtype="DATASET")
    first, second = found["items"][:2]
    assert {first["id"], second["id"]} == {"sample/1000024", "sample/1000068"}
    assert first["name"] == second["name"]
    assert first["about"] != second["about"]


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_a_match_says_which_words_stand_where(standing: Standing, era: str):
    async with standing.client(era) as client:
        found = await call(client, "search_items", query="Currents hindcast temprature", subtype="DATASET")
    first = next(item for item in found["items"] if item["id"] == "sample/1000041")
    assert first["matched"] == {
        "name": ["currents"],
        "keywords": ["hindcast"],
        "not_found": ["temprature"],
    }


@pytest.mark.asyncio(loop_scope="session")
async def test_items_of_one_name_are_told_apart_by_what_differs(standing: Standing):
    async with standing.client() as client:
        found = await call(
            client, "search_items", query="coral cover survey heron", subtype="DATASET", limit=4
        )
    assert found["same_name"] == [
        {
            "name": "Coral cover survey, Heron Reef",
            "items": [
                {
                    "id": item_id,
                    "organisation": organisation,
                    "when": when,
                    "registered": registered,
                    "licence": licence,
                }
                for item_id, organisation, when, registered, licence in sorted(
                    [
                        (
                            "sample/1000024",
                            "Coral Coast Research Institute",
                            "2019-08-05 to 2019-08-19",
                            "2019-09-23T01:00:00Z",
                            "CC BY 4.0",
                        ),
                        (
                            "sample/1000068",
                            "Wet Tropics Water Alliance",
                            "2021-05-03 to 2021-05-21",
                            "2021-06-21T01:00:00Z",
                            "CC BY-NC 4.0",
                        ),
                    ],
                    key=lambda entry: [item["id"] for item in found["items"]].index(entry[0]),
                )
            ],
            "count": 2,
        }
    ]


@pytest.mark.asyncio(loop_scope="session")
async def test_versions_of_one_dataset_are_told_apart_by_their_number(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "search_items", query="reef bathymetry and outlines", subtype="DATASET")
    (group,) = [g for g in found["same_name"] if g["name"] == "Reef bathymetry and outlines"]
    assert {(item["id"], item["version"]) for item in group["items"]} == {
        ("sample/1000013", 1),
        ("sample/1000072", 2),
    }


@pytest.mark.asyncio
async def test_a_search_that_reaches_the_services_limit_says_how_to_go_on(tmp_path: Path):
    async with sample_client(tmp_path, max_result_tokens=20_000) as client:
        found = await call(client, "search_items", query="reef 2016 2020 registered created", limit=50)
    assert (found["hits"], found["complete"]) == (50, False)
    assert "list_items" in found["note"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_search_for_an_id_finds_that_item_and_none_that_share_its_prefix(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "search_items", query="sample/1000041")
    assert [(item["id"], item["score"] > 0) for item in found["items"]] == [("sample/1000041", True)]
    assert (found["hits"], found["complete"]) == (1, True)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_word_that_stands_under_another_name_is_found_and_said_so(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "search_items", query="SST", subtype="DATASET", limit=1)
    assert found["items"][0]["matched"] == {"keywords": ["sst = sea surface temperature"]}


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("length", [2_001, 70_000, 1_000_000])
async def test_a_text_that_is_too_long_to_search_for_is_the_callers_mistake(standing: Standing, length: int):
    async with standing.client() as client:
        error = await failure(client, "search_items", query="x" * length)
        longest = await call(client, "search_items", query="x" * 2_000)
    assert (error["kind"], error["parameter"]) == ("Argument", "query")
    assert error["message"] == f"query has {length:,} characters; at most 2,000 are searched for."
    assert longest["items"] == []
