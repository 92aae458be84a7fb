"""Filters of lists and searches: what they keep, what they leave out, what is refused."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call, failure, world_client
from tests.worlds.small import dataset

ITEMS: list[dict[str, Any]] = json.loads(
    files("provena_mcp.embedded.sample").joinpath("reef.json").read_text("utf-8")
)["items"]


def sample(*numbers: str) -> set[str]:
    return {f"sample/1000{number}" for number in numbers}


def in_order(argument: Any) -> str:
    """An id that is the same in every process."""
    return str(sorted(argument) if isinstance(argument, set) else argument)


def runs_where(holds: Any) -> set[str]:
    return {item["id"] for item in ITEMS if item["item_subtype"] == "MODEL_RUN" and holds(item["record"])}


def made_in_no_study(keyword: str) -> set[str]:
    made_in_some = {
        output["dataset_id"]
        for item in ITEMS
        if item["item_subtype"] == "MODEL_RUN" and item["record"].get("study_id")
        for output in item["record"]["outputs"]
    }
    return {
        item["id"]
        for item in ITEMS
        if item["item_subtype"] == "DATASET"
        and "collection_format" in item
        and any(keyword in word for word in item["collection_format"]["dataset_info"].get("keywords") or ())
    } - made_in_some


# What a client gives that makes every argument required: null or blank.
NOTHING: dict[str, Any] = {
    "subtype": None,
    "owner": "",
    "organisation_id": " ",
    "study_id": None,
    "after": "",
    "before": None,
    "keyword": "",
    "bbox": [],
    "licence": None,
    "release_status": None,
    "annotation": "",
    "cursor": None,
}


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_filters_that_are_null_blank_or_empty_keep_everything(standing: Standing, era: str):
    async with standing.client(era) as client:
        for tool, words in (("list_items", {}), ("search_items", {"query": "reef"})):
            assert await call(client, tool, **words, **NOTHING) == await call(client, tool, **words)


@pytest.mark.parametrize("word", ["none", "null", "undefined"])
@pytest.mark.parametrize("name", sorted(NOTHING))
@pytest.mark.asyncio(loop_scope="session")
async def test_a_word_for_nothing_is_a_value_or_refused_and_never_dropped(
    standing: Standing, name: str, word: str
):
    async with standing.client() as client:
        whole = await call(client, "list_items", limit=100)
        result = await client.call_tool("list_items", {name: word, "limit": 100})
    if not result.is_error:
        assert result.structured_content is not None
        assert result.structured_content["items"] != whole["items"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"subtype": "DATASET", "licence": "CC BY-NC"}, sample("037", "068")),
        ({"subtype": "DATASET", "licence": "no-redistribution"}, sample("025", "115")),
        ({"subtype": "DATASET", "release_status": "RELEASED"}, sample("039", "041")),
        ({"subtype": "DATASET", "release_status": "PENDING"}, sample("117")),
        ({"subtype": "DATASET", "keyword": "Lizard"}, sample("070")),
        (
            {"subtype": "DATASET", "organisation_id": "sample/1000004"},
            sample("025", "037", "044", "068", "070"),
        ),
        ({"subtype": "DATASET", "owner": "tleota"}, sample("038", "047", "094")),
        ({"subtype": "DATASET", "owner": "sample/1000032"}, sample("038", "047", "094")),
        ({"subtype": "MODEL_RUN", "study_id": "sample/1000036"}, sample("049", "096")),
        ({"subtype": "DATASET", "study_id": "sample/1000036"}, sample("047", "094")),
        ({"subtype": "MODEL_RUN", "annotation": "scenario=SSP245"}, sample("084", "090")),
        (
            {"subtype": "MODEL_RUN", "after": "2024-06-01"},
            runs_where(lambda run: run["end_time"] > 1717200000),
        ),
        ({"subtype": "MODEL_RUN", "before": "2020-01-01"}, sample("016")),
        ({"subtype": "DATASET", "after": "2021-01-01", "before": "2022-01-01"}, None),
        ({"subtype": "DATASET", "bbox": [145.3, -14.8, 145.6, -14.6], "keyword": "drone"}, sample("070")),
        (
            {"subtype": "DATASET", "keyword": "survey", "bbox": [151.8, -23.6, 152.1, -23.3]},
            sample("024", "068"),
        ),
        ({"licence": "cc by-nc", "organisation_id": "hdl:sample/1000004"}, sample("037", "068")),
        ({"subtype": "MODEL_RUN", "study_id": "sample/1000123"}, set()),
        ({"subtype": "MODEL_RUN", "study_id": "none"}, runs_where(lambda run: not run.get("study_id"))),
        (
            {"subtype": "MODEL_RUN", "organisation_id": "None"},
            runs_where(lambda run: not run["associations"].get("requesting_organisation_id")),
        ),
        ({"subtype": "DATASET", "study_id": "none", "keyword": "survey"}, made_in_no_study("survey")),
    ],
    ids=in_order,
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_list_keeps_what_the_records_say(
    standing: Standing, filters: dict[str, Any], expected: set[str] | None
):
    async with standing.client() as client:
        listed = await call(client, "list_items", **filters, limit=100)
        whole = await call(client, "list_items", subtype=filters.get("subtype"), limit=100)
    kept = {item["id"] for item in listed["items"]}
    if expected is None:  # what covers 2021: two surveys of that year, and projections that begin before it
        expected = sample("068", "070", "078", "080", "082", "085", "088", "091", "094") | {
            item["id"] for item in whole["items"] if item["when"].startswith("2021")
        }
    assert kept == expected
    assert listed["complete"]
    dropped = sum((listed.get("left_out") or {}).values())
    assert listed["scanned"] == len(kept) + dropped


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_of_a_filtered_list_join_to_the_whole_without_repeats(standing: Standing):
    question = {"subtype": "MODEL_RUN", "annotation": "scenario", "sort_by": "name"}
    async with standing.client() as client:
        whole = await call(client, "list_items", **question, limit=100)
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await call(client, "list_items", **question, limit=3, **cursor)
            seen += [item["id"] for item in page["items"]]
            if page["complete"]:
                break
            cursor = {"cursor": page["cursor"]}
    assert whole["complete"]
    assert seen == [item["id"] for item in whole["items"]]
    assert set(seen) == runs_where(lambda run: "scenario" in (run.get("annotations") or {}))


@pytest.mark.asyncio(loop_scope="session")
async def test_what_was_left_out_is_counted_by_the_filter_that_dropped_it(standing: Standing):
    async with standing.client() as client:
        found = await call(
            client,
            "search_items",
            query="sea surface temperature",
            bbox=[151.8, -23.6, 152.1, -23.3],
            after="2016-01-01",
            before="2020-01-01",
        )
    assert [item["id"] for item in found["items"][:2]] == ["sample/1000041", "sample/1000074"]
    assert found["scanned"] == found["hits"] == len(found["items"]) + sum(found["left_out"].values())
    assert set(found["left_out"]) <= {"before", "after", "bbox", "bbox not stated"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"after": "last year"}, "after 'last year' is not a day."),
        ({"bbox": [1, 2]}, "bbox takes 4 numbers, not 2."),
        ({"organisation_id": "two words"}, "organisation_id 'two words' is not a handle."),
        ({"release_status": "OPEN"}, "release_status: Input should be"),
        ({"study_id": "sample/9"}, "There is no"),
        ({"study_id": "sample/1000041"}, "study_id 'sample/1000041' is a DATASET."),
        ({"owner": "sample/1000002"}, "No username is known of 'sample/1000002'."),
        ({"owner": "Nobody Atall"}, "No user is called 'Nobody Atall'."),
    ],
    ids=str,
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_filter_that_cannot_be_meant_is_refused(
    standing: Standing, arguments: dict[str, Any], message: str
):
    async with standing.client() as client:
        for tool, words in (("list_items", {}), ("search_items", {"query": "reef"})):
            refused = await failure(client, tool, **words, **arguments)
            assert refused["message"].startswith(message)
            assert refused["fault"] == "caller"


@pytest.mark.asyncio(loop_scope="session")
async def test_an_owner_given_by_name_is_answered_with_the_person_who_may_be_meant(standing: Standing):
    async with standing.client() as client:
        refused = await failure(client, "list_items", owner="Yuna Seo")
        person = await call(client, "list_items", owner="sample/1000100", subtype="PERSON")
    assert (refused["kind"], refused["parameter"]) == ("Argument", "owner")
    assert refused["next"] == "Did you mean Yuna Seo (sample/1000100)? Give the id."
    assert [item["id"] for item in person["items"]] == ["sample/1000100"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_username_that_nobody_has_is_doubted_where_nothing_is_theirs(standing: Standing):
    note = (
        "No user 'yseoo' is linked to a Person: is the username right? Give a username, the id of a Person "
        "who has one, or 'me'."
    )
    async with standing.client() as client:
        listed = await call(client, "list_items", owner="yseoo")
        found = await call(client, "search_items", query="reef", owner="yseoo")
        linked = await call(client, "list_items", owner="yseo", subtype="MODEL")
    assert (listed["items"], listed["note"], found["items"], found["note"]) == ([], note, [], note)
    assert "note" not in linked


PACIFIC = {
    "w/waves": "SRID=4326;POLYGON((165 -25, 200 -25, 200 -5, 165 -5, 165 -25))",
    "w/gauges": "SRID=4326;POLYGON((176 -22, -174 -22, -174 -15, 176 -15, 176 -22))",
    "w/commas": "SRID=4326;POLYGON((176,5 -22,1, 177,5 -22,1, 177,5 -15,0, 176,5 -22,1))",
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ([170, -20, 172, -10], ["w/waves"]),
        ([177, -20, 178, -16], ["w/gauges", "w/waves"]),
        ([-178, -20, -176, -16], ["w/gauges", "w/waves"]),
        ([182, -20, 184, -16], ["w/gauges", "w/waves"]),
        ([-100, -20, -90, -16], []),
    ],
    ids=str,
)
async def test_places_across_the_180th_meridian_are_found_where_they_lie(
    tmp_path: Path, bbox: list[float], found: list[str]
):
    world = [dataset(item_id) for item_id in (*PACIFIC, "w/nowhere")]
    for raw in world[:3]:
        raw["collection_format"]["dataset_info"]["spatial_info"] = {"coverage": PACIFIC[raw["id"]]}
    async with world_client(tmp_path, world) as client:
        page = await call(client, "list_items", subtype="DATASET", bbox=bbox)
    assert sorted(row["id"] for row in page["items"]) == found
    left_out = page["left_out"]
    assert (left_out["bbox unreadable"], left_out["bbox not stated"]) == (1, 1)
