import asyncio
from pathlib import Path

import pytest
from mcp import Client
from mcp.types import Completion, PromptReference, ResourceTemplateReference

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.server.build import build_server
from provena_mcp.wire.items import JsonObject
from tests.worlds.sample import BOTH_ERAS, sample_client
from tests.worlds.settings import settings_with

ITEM = ResourceTemplateReference(uri="provena://item/{+id}")
REPORT = ResourceTemplateReference(uri="provena://report/{item_subtype}/{depth}/{+id}{?session_id}")
PROV = ResourceTemplateReference(uri="provena://prov/{format}/{+id}")
LINEAGE = ResourceTemplateReference(uri="provena://lineage/{query}/{+id}{?depth}")
COMPARE = PromptReference(name="compare_runs")


async def completed(
    client: Client,
    ref: ResourceTemplateReference | PromptReference,
    name: str,
    typed: str,
    **chosen: str,
) -> Completion:
    answer = await client.complete(ref, {"name": name, "value": typed}, chosen or None)
    return answer.completion


@BOTH_ERAS
@pytest.mark.asyncio
async def test_an_id_is_completed_from_words_of_the_name(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        found = await completed(client, ITEM, "id", "heron cov")
    assert sorted(found.values) == ["sample/1000024", "sample/1000068"]
    assert (found.total, found.has_more) == (2, False)


@pytest.mark.asyncio
async def test_names_that_begin_so_come_before_names_with_such_a_word(tmp_path: Path):
    begin_so = {f"sample/10000{n}" for n in ("41", "74", "88", "90", "91", "93")}
    have_such_a_word = {f"sample/10000{n}" for n in ("15", "42", "43", "76")}
    async with sample_client(tmp_path) as client:
        found = await completed(client, PromptReference(name="trace_a_result"), "result_id", "Currents")
    assert set(found.values[:6]) == begin_so
    assert set(found.values[6:]) == have_such_a_word


@pytest.mark.parametrize("typed", ["sample/100011", "100011"])
@pytest.mark.asyncio
async def test_an_id_is_completed_from_its_start_with_or_without_the_prefix(tmp_path: Path, typed: str):
    async with sample_client(tmp_path) as client:
        found = await completed(client, PROV, "id", typed)
    assert sorted(found.values) == ["sample/1000114", "sample/1000119"]


@pytest.mark.asyncio
async def test_only_items_of_the_kind_the_argument_takes_are_suggested(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        studies = await completed(client, PromptReference(name="audit_a_study"), "study_id", "")
        runs_and_studies = await completed(client, REPORT, "id", "reef")
        runs = await completed(client, REPORT, "id", "reef", item_subtype="MODEL_RUN")
        templates = await completed(
            client, PromptReference(name="register_runs_from_csv"), "workflow_template_id", "reef"
        )
    assert sorted(studies.values) == [f"sample/1000{n}" for n in ("022", "031", "036", "077", "109", "123")]
    assert set(runs.values) < set(runs_and_studies.values)
    assert "sample/1000031" in set(runs_and_studies.values) - set(runs.values)
    assert templates.values == ["sample/1000011"]


@pytest.mark.asyncio
async def test_a_run_already_chosen_is_not_suggested_again(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        first = await completed(client, COMPARE, "first_run_id", "rank sites")
        second = await completed(client, COMPARE, "second_run_id", "rank sites", first_run_id=first.values[0])
    assert second.values == first.values[1:]
    assert (second.total, len(second.values)) == (1, 1)


@pytest.mark.asyncio
async def test_closed_lists_are_completed_from_their_words(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        queries = await completed(client, LINEAGE, "query", "eff")
        formats = await completed(client, PROV, "format", "")
        kinds = await completed(client, REPORT, "item_subtype", "st")
    assert queries.values == ["effected_datasets", "effected_agents"]
    assert formats.values == ["json", "provn", "ttl"]
    assert kinds.values == ["STUDY"]


@pytest.mark.asyncio
async def test_what_cannot_be_completed_has_no_suggestions(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        found = await completed(client, LINEAGE, "depth", "1")
    assert found.values == []


@pytest.mark.asyncio
async def test_at_most_a_hundred_ids_are_suggested_and_more_are_told(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        found = await completed(client, ITEM, "id", "")
    assert (len(found.values), found.has_more) == (min(100, found.total or 0), (found.total or 0) > 100)
    assert len(set(found.values)) == len(found.values) > 50


@pytest.mark.asyncio
async def test_a_keystroke_overtaken_by_the_next_is_not_looked_up(tmp_path: Path):
    typed, waiting, all_typed = ("h", "he", "heron"), [], asyncio.Event()

    async def pause(seconds: float) -> None:
        waiting.append(seconds)
        if len(waiting) == len(typed):
            all_typed.set()
        await all_typed.wait()

    settings = settings_with(store=tmp_path / "store.sqlite3")
    async with Client(build_server(settings, sample=True, polling=PollPolicy(sleep=pause))) as client:
        found = await asyncio.gather(*(completed(client, ITEM, "id", text) for text in typed))
    assert [len(completion.values) for completion in found] == [0, 0, 2]
    assert sorted(found[2].values) == ["sample/1000024", "sample/1000068"]


def organisation(number: int) -> JsonObject:
    name = f"Institute number {number}"
    return {
        "id": f"many/{number}",
        "display_name": name,
        "name": name,
        "item_category": "AGENT",
        "item_subtype": "ORGANISATION",
        "record_type": "COMPLETE_ITEM",
        "owner_username": "somebody",
        "created_timestamp": 1_600_000_000 + number,
        "updated_timestamp": 1_600_000_000 + number,
    }


@pytest.mark.asyncio
async def test_items_beyond_the_newest_five_hundred_are_searched_for_or_looked_up(tmp_path: Path):
    path = tmp_path / "many.sqlite3"
    store = Store(path)
    load_items(store, Source(tuple(organisation(1000 + number) for number in range(620)), {}))
    store.close()
    async with Client(build_server(settings_with(store=path))) as client:
        unknown = await completed(client, ITEM, "id", "")
        by_name = await completed(client, ITEM, "id", "1003")
        by_id = await completed(client, ITEM, "id", "many/1004")
    assert (len(unknown.values), unknown.total, unknown.has_more) == (100, None, True)
    assert "many/1003" not in unknown.values
    assert by_name.values == ["many/1003"]
    assert by_id.values[0] == "many/1004"
