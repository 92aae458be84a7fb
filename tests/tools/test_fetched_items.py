"""Items fetched by id: in brief, in full, and with what stands beside them."""

from pathlib import Path

import pytest

from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client


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


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_versions_come_oldest_first_and_the_newest_is_marked(standing: Standing, era: str):
    async with standing.client(era) as client:
        fetched = await call(
            client, "fetch_items", ids=["sample/1000072", "sample/1000014"], include=["versions"]
        )
    chains = {item_id: beside["versions"] for item_id, beside in fetched["included"].items()}
    assert chains["sample/1000072"] == [
        {"id": "sample/1000013", "number": 1, "registered": "2019-04-15T01:00:00Z"},
        {
            "id": "sample/1000072",
            "number": 2,
            "registered": "2022-05-16T01:00:00Z",
            "reason": "Re-gridded to 50 m after the 2021 lidar survey; 212 outlines moved.",
            "newest": True,
        },
    ]
    assert [step.get("newest") for step in chains["sample/1000014"]] == [True]


@pytest.mark.asyncio(loop_scope="session")
async def test_history_says_who_changed_which_field_and_why(standing: Standing):
    async with standing.client() as client:
        fetched = await call(client, "fetch_items", ids=["sample/1000025"], include=["history"])
    assert fetched["included"]["sample/1000025"]["history"] == {
        "edits": [
            {
                "when": "2020-03-23T02:00:00Z",
                "by": "rwhitcombe",
                "reason": "Stated the supplier's limits of use.",
                "changed": [
                    {
                        "field": "collection_format.dataset_info.usage_limitations",
                        "now": "Supplied under agreement. Not to be passed on; "
                        "derived maps may be published.",
                    }
                ],
            },
            {"when": "2019-11-11T01:00:00Z", "by": "obrandt", "reason": "Initial record creation"},
        ],
        "count": 2,
    }


@pytest.mark.asyncio(loop_scope="session")
async def test_lineage_counts_agree_with_the_lineage_tools(standing: Standing):
    async with standing.client() as client:
        fetched = await call(
            client, "fetch_items", ids=["sample/1000117"], include=["lineage_counts", "access"], detail="full"
        )
        upstream = await call(client, "explore_upstream", starting_id="sample/1000117", depth=10)
    beside = fetched["included"]["sample/1000117"]
    assert beside["lineage_counts"]["upstream"] == {
        "items": upstream["totals"]["nodes"] - 1,
        "by_type": upstream["totals"]["by_type"] | {"DATASET": upstream["totals"]["by_type"]["DATASET"] - 1},
        "incomplete_because": upstream["incomplete_because"],
    }
    assert (beside["access"]["locked"], "metadata-read" in beside["access"]["roles"]) == (False, True)


@pytest.mark.asyncio(loop_scope="session")
async def test_lineage_counts_of_many_items_at_once_are_refused(standing: Standing):
    ids = [f"sample/{1000000 + number}" for number in range(1, 12)]
    async with standing.client() as client:
        refused = await failure(client, "fetch_items", ids=ids, include=["lineage_counts"])
    assert refused["message"] == "lineage_counts takes at most 10 ids at a time."
