import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_of


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_the_text_of_a_result_is_its_structure_as_compact_json(standing: Standing, era: str):
    async with standing.client(era) as client:
        result = await client.call_tool("list_items", {"subtype": "MODEL"})
    text = text_of(result)
    assert json.loads(text) == result.structured_content
    assert text == json.dumps(result.structured_content, separators=(",", ":"), ensure_ascii=False)


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_health_says_who_answers_and_who_asks(standing: Standing, era: str):
    async with standing.client(era) as client:
        health = await call(client, "get_health_check")
    assert (health["provena"]["kind"], health["provena"]["items"]) == ("sample", 124)
    assert set(health["services"].values()) == {"ok"}
    assert health["you"]["can_write"]
    assert health["you"]["person"]["name"] == "Local user"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_run_in_brief_answers_who_made_what_of_what(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["hdl:sample/1000042"])
    assert fetched["items"] == [
        {
            "id": "sample/1000042",
            "type": "MODEL_RUN",
            "name": "Hindcast currents 2016-2017",
            "created": "2020-05-05T01:00:00Z",
            "updated": "2020-05-05T01:00:25Z",
            "description": "First half of the hindcast.",
            "template": {"id": "sample/1000011", "name": "Reef hydrodynamics"},
            "model": {"id": "sample/1000006", "name": "LagoonFlow"},
            "model_version": "1.1",
            "inputs": [
                {
                    "id": "sample/1000039",
                    "name": "Atmospheric forcing 2016-2019, 1 km",
                    "role": "Atmospheric forcing",
                },
                {
                    "id": "sample/1000013",
                    "name": "Reef bathymetry and outlines",
                    "role": "Bathymetry and reef outlines",
                },
                {
                    "id": "sample/1000014",
                    "name": "Bottom friction settings",
                    "role": "Model settings",
                    "resources": {"settings_file": "drag_2019.yaml"},
                },
            ],
            "outputs": [
                {
                    "id": "sample/1000041",
                    "name": "Currents and temperature 2016-2019, 1 km",
                    "role": "Currents and temperature",
                }
            ],
            "modeller": {"id": "sample/1000005", "name": "Maren Holt"},
            "organisation": {"id": "sample/1000002", "name": "Northern Lagoon Observatory"},
            "study": {"id": "sample/1000031", "name": "Reef hindcast 2016-2019"},
            "started": "2020-04-05T20:00:00Z",
            "ended": "2020-04-19T11:00:00Z",
            "annotations": {"scenario": "hindcast", "grid_resolution": "1 km"},
            "status": "LODGED",
        }
    ]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_dataset_in_brief_names_the_runs_that_made_it_and_its_licence(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000041"])
    dataset = fetched["items"][0]
    assert dataset["made_by"] == [
        {"id": "sample/1000042", "name": "Hindcast currents 2016-2017"},
        {"id": "sample/1000043", "name": "Hindcast currents 2018-2019"},
    ]
    assert dataset["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert dataset["release"]["status"] == "RELEASED"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_superseded_dataset_names_the_version_after_it(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000013"])
    assert fetched["items"][0]["version"] == {"number": 1, "superseded_by": "sample/1000072"}


@pytest.mark.asyncio(loop_scope="session")
async def test_ids_that_are_not_there_do_not_fail_the_others(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000006", "sample/9", "sample/1000006"])
    assert [item["id"] for item in fetched["items"]] == ["sample/1000006"]
    assert fetched["not_found"] == ["sample/9"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_reserved_id_is_told_as_a_seed_item(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000124"])
    assert fetched["items"][0]["note"] == "seed item: an id reserved without content"


@pytest.mark.asyncio(loop_scope="session")
async def test_full_detail_is_the_whole_record(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000006"], detail="full")
    assert fetched["items"][0]["record"]["source_url"]
    assert fetched["items"][0]["record"]["item_category"] == "ENTITY"


@pytest.mark.asyncio
async def test_what_is_too_much_for_one_answer_is_named_to_be_fetched_next(tmp_path: Path):
    ids = [f"sample/{1000000 + number}" for number in range(1, 51)]
    seen: list[str] = []
    async with sample_client(tmp_path, max_result_tokens=1000) as client:
        fetched = await call(client, "fetch_items", ids=ids, include=["versions"])
        assert [item["id"] for item in fetched["items"]] + fetched["not_shown"] == ids
        while "next" in fetched:
            seen += [item["id"] for item in fetched["items"]]
            assert fetched["next"]["arguments"] == {"ids": fetched["not_shown"], "include": ["versions"]}
            fetched = await call(client, fetched["next"]["tool"], **fetched["next"]["arguments"])
    assert seen + [item["id"] for item in fetched["items"]] == ids


@pytest.mark.asyncio(loop_scope="session")
async def test_a_contact_is_told_and_addresses_where_they_are_asked_for(standing: Standing):
    async with standing.client() as client:
        plain = await call(client, "fetch_items", ids=["sample/1000115"])
        asked = await call(client, "fetch_items", ids=["sample/1000115"], include=["emails"])
    (dataset,) = plain["items"]
    assert dataset["contact"]
    assert "included" not in plain
    assert set(asked["included"]["sample/1000115"]["emails"]) == {dataset["custodian"]["id"]}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("explore_upstream", {"starting_id": "1000115"}),
        ("analyse_impact", {"item_id": "1000115"}),
        ("find_lineage_path", {"from_id": "sample/1000117", "to_id": "1000115"}),
        ("audit_reproducibility", {"item_id": "1000115"}),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_bare_number_is_answered_with_the_handle_it_may_mean(
    standing: Standing, tool: str, arguments: dict[str, Any]
):
    async with standing.client() as client:
        error = await failure(client, tool, **arguments)
    assert error["next"] == (
        "Handles have a prefix: did you mean 'sample/1000115' (Sea country values, Moore and Davies reefs)?"
    )


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize(
    "written",
    [f"{text}sample/1000006{mark}" for text in ("", "hdl:") for mark in (".", ",", ")", "/", ").", "];")]
    + ["(sample/1000006", "(sample/1000006),", "https://hdl.handle.net/sample/1000006)."],
)
async def test_a_handle_with_the_marks_of_a_sentence_on_it_is_answered_with_the_bare_one(
    standing: Standing, written: str
):
    meant = "If the text around left its marks on a handle, 'sample/1000006' is meant."
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000006", written])
        error = await failure(client, "explore_upstream", starting_id=written)
    assert ([item["id"] for item in fetched["items"]], fetched["hint"]) == (["sample/1000006"], meant)
    assert error["next"] == f"{meant} Check the handle; search_items and list_items find items by name."


@pytest.mark.asyncio(loop_scope="session")
async def test_numbers_that_nothing_has_are_answered_with_what_handles_look_like(standing: Standing):
    async with standing.client() as client:
        several = await call(client, "fetch_items", ids=["1000115", "7", "sample/7"])
        error = await failure(client, "explore_upstream", starting_id="7")
    assert several["not_found"] == ["1000115", "7", "sample/7"]
    assert several["hint"].startswith("Handles have a prefix: did you mean 'sample/1000115' (Sea country")
    assert error["next"].startswith("Handles have a prefix and look like '")
    assert "'sample/" in error["next"]


@pytest.mark.asyncio(loop_scope="session")
async def test_pages_of_a_list_join_to_all_items_without_repeats(standing: Standing):
    seen: list[str] = []
    cursor: dict[str, str] = {}
    async with standing.client() as client:
        while True:
            page = await call(client, "list_items", subtype="DATASET", limit=7, **cursor)
            seen += [item["id"] for item in page["items"]]
            if page["complete"]:
                break
            cursor = {"cursor": page["cursor"]}
        whole = await call(client, "list_items", subtype="DATASET", limit=100)
    assert seen == [item["id"] for item in whole["items"]]
    assert len(set(seen)) == len(seen) > 20


@pytest.mark.asyncio(loop_scope="session")
async def test_a_list_by_name_starts_with_a(standing: Standing):
    async with standing.client() as client:
        page = await call(client, "list_items", subtype="PERSON", sort_by="name")
    names = [item["name"] for item in page["items"] if item["id"].startswith("sample/")]
    assert names[0] == "Anjali Deshmukh"
    assert names == sorted(names)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_cursor_of_another_list_says_to_start_over(standing: Standing):
    async with standing.client() as client:
        page = await call(client, "list_items", subtype="DATASET", limit=2)
        refused = await failure(client, "list_items", subtype="MODEL", cursor=page["cursor"])
    assert refused["message"] == "The cursor belongs to another question."


@pytest.mark.asyncio(loop_scope="session")
async def test_search_ranks_both_datasets_of_one_name_first_with_what_tells_them_apart(standing: Standing):
    async with standing.client() as client:
        found = await call(client, "search_items", query="coral cover survey heron", subtype="DATASET")
    first, second = found["items"][:2]
    assert {first["id"], second["id"]} == {"sample/1000024", "sample/1000068"}
    assert first["name"] == second["name"]
    assert first["about"] != second["about"]


@pytest.mark.parametrize(
    ("tool", "arguments", "message", "hint"),
    [
        ("search_items", {"query": "  "}, "query is blank.", "few words"),
        ("search_items", {"query": "x", "subtype": "DATASETS"}, "subtype: Input should be", "Correct"),
        ("search_items", {"query": "x", "limits": 3}, "There is no argument 'limits'.", "'limit'"),
        ("fetch_items", {"ids": []}, "ids takes 1 to 50 handles, not 0.", ""),
        ("fetch_items", {"ids": ["two words"]}, "ids 'two words' is not a handle.", "search_items"),
        ("explore_upstream", {"starting_id": ""}, "starting_id is blank.", "search_items"),
        ("explore_upstream", {"starting_id": "sample/1", "depth": -1}, "depth: Input should be", "Correct"),
        ("explore_upstream", {"starting_id": "sample/1", "depth": 101}, "depth: Input should be", "Correct"),
        (
            "explore_upstream",
            {"starting_id": "sample/1", "depth": "abc"},
            "depth: Input should be",
            "Correct",
        ),
        ("explore_upstream", {"starting_id": "sample/9"}, "There is no registered item", "search_items"),
        (
            "explore_upstream",
            {"starting_id": "sample/1", "file_path": "x"},
            "There is no argument",
            "Accepted",
        ),
        (
            "open_document",
            {"uri": "provena://item/sample/1", "file_path": "x"},
            "There is no argument",
            "save_as",
        ),
        (
            "open_document",
            {"uri": "https://example.org"},
            "There is no document 'https://example.org'.",
            "provena://lineage/",
        ),
        (
            "open_document",
            {"uri": "provena://nonsense/x"},
            "There is no document 'provena://nonsense/x'.",
            "provena://lineage/",
        ),
    ],
)
@pytest.mark.asyncio(loop_scope="session")
async def test_a_wrong_call_is_an_error_that_says_how_to_put_it_right(
    standing: Standing, tool: str, arguments: dict[str, object], message: str, hint: str
):
    async with standing.client() as client:
        refused = await failure(client, tool, **arguments)
    assert refused["message"].startswith(message)
    assert (refused["fault"], refused["retry"]) == ("caller", "after_change")
    assert hint in refused.get("next", "")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_workflow_template_says_which_files_its_runs_name(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000011"])
    (workflow,) = fetched["items"]
    assert (workflow["inputs"], workflow["outputs"]) == (
        [
            {"id": "sample/1000007", "name": "Atmospheric forcing"},
            {"id": "sample/1000008", "name": "Bathymetry and reef outlines"},
            {
                "id": "sample/1000009",
                "name": "Model settings",
                "optional": True,
                "deferred_keys": ["settings_file"],
            },
        ],
        [
            {
                "id": "sample/1000010",
                "name": "Currents and temperature",
                "deferred_keys": ["restart_file (optional)"],
            }
        ],
    )
