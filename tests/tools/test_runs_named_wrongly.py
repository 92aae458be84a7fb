"""A job is not believed that names a run of before, one that is not there, or an old record."""

import json
from pathlib import Path

import httpx
import pytest

from tests.worlds.deployment import Send, a_record, confirmed, provena, server
from tests.worlds.lying_jobs import Json, changed, jobs_naming
from tests.worlds.sample import call

FETCH = "/registry-api/registry/general/fetch"
LIST = "/registry-api/registry/general/list"
OF_BEFORE = "sample/1000040"
NOWHERE = "10378.1/404404"


@pytest.mark.asyncio
async def test_an_equal_run_of_before_is_not_the_one_that_was_registered_again(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        full = await call(client, "fetch_items", ids=[OF_BEFORE], detail="full")
        record = full["items"][0]["record"]["record"]
        shown = await call(client, "register_model_run", record=record, allow_duplicate=True)
        assert shown["ready"], shown
        wire.spoilt |= jobs_naming(lambda _: OF_BEFORE)
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")
    assert done["message"].startswith(f"Its job names {OF_BEFORE}, which is not this run. It is registered")


@pytest.mark.asyncio
async def test_of_a_handle_that_nothing_has_the_run_is_looked_for(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.spoilt |= jobs_naming(lambda _: NOWHERE)
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")
    assert done["message"].startswith(f"Its job names {NOWHERE}, of which the registry has no record. It is")


@pytest.mark.asyncio
async def test_a_record_of_before_does_not_show_that_a_run_was_changed_back_to_it(tmp_path: Path):
    answers: list[Json] = []

    async def first_again(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.params["id"] != OF_BEFORE:
            return await send(request)
        if not answers:
            answers.append(json.loads(await (await send(request)).aread()))
        return httpx.Response(200, json=answers[0])

    async with provena(tmp_path) as wire, server(wire) as client:
        full = await call(client, "fetch_items", ids=[OF_BEFORE], detail="full")
        name = full["items"][0]["record"]["record"]["display_name"]
        done = {}
        for to in ("Another name", name):
            change = {"model_run_id": OF_BEFORE, "reason": "Name", "changes": {"display_name": to}}
            shown = await call(client, "update_model_run", **change)
            assert shown["ready"], shown
            if to == name:
                wire.spoilt[FETCH] = first_again
                await call(client, "fetch_items", ids=[OF_BEFORE])
            done[to] = await call(client, "update_model_run", reference=shown["reference"], confirm=True)
    assert done["Another name"]["message"] == "Updated."
    assert done[name]["message"] == (
        "Its job says that it is done. The registry does not hold the new record. fetch_items shows the run "
        "as it is."
    )


@pytest.mark.asyncio
async def test_the_guard_against_duplicates_tells_the_run_that_the_registry_shows(tmp_path: Path):
    def unlisted(body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["id"] != "local/1000001"]

    async with provena(tmp_path) as wire, server(wire) as client:
        done = await confirmed(client)
        wire.spoilt |= jobs_naming(lambda _: OF_BEFORE)
        seen = await call(client, "register_model_run", record=a_record())
        wire.spoilt[LIST] = changed(unlisted)
        unseen = await call(client, "register_model_run", record=a_record())
    said = [each["problems"][0]["message"].partition("). ")[2] for each in (seen, unseen)]
    only = " Only if it really ran twice, or never arrived, call again with allow_duplicate: true."
    assert said == [
        f"It is model run 'local/1000001'.{only}",
        f"Its job names {OF_BEFORE!r}, and the registry was not seen to hold it: get_job says more, session "
        f"{done['session_id']!r}.{only}",
    ]


@pytest.mark.asyncio
async def test_the_guard_against_duplicates_knows_a_run_that_was_changed_since(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = (await confirmed(client))["model_run_id"]
        change = {"model_run_id": run_id, "reason": "Name", "changes": {"display_name": "Another name"}}
        shown = await call(client, "update_model_run", **change)
        await call(client, "update_model_run", reference=shown["reference"], confirm=True)
        again = await call(client, "register_model_run", record=a_record())
    assert f"It is model run {run_id!r}." in again["problems"][0]["message"]


@pytest.mark.asyncio
async def test_a_list_of_jobs_says_that_it_is_their_own_word(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        await confirmed(client)
        wire.spoilt |= jobs_naming(lambda _: OF_BEFORE)
        listed = await call(client, "list_jobs")
    assert (listed["jobs"][0]["model_run_id"], listed["note"]) == (
        OF_BEFORE,
        "As the jobs say; get_job compares with the registry.",
    )
