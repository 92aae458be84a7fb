"""The one human gate of a write: a reference or the user's consent, and sent once."""

import asyncio
from pathlib import Path

import httpx
import pytest
from mcp import Client

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import Asked, HandClock, Send, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure

REGISTER = "/prov-api/model_run/register"
FETCH = "/registry-api/registry/general/fetch"
LIST_ITEMS = "/registry-api/registry/general/list"
LIST_JOBS = "/job-api/jobs/user/list"


async def preview(client: Client, **changes: object) -> str:
    shown = await call(client, "register_model_run", record=a_record(**changes))
    assert shown["ready"], shown
    return shown["reference"]


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_reference_with_confirm_registers_what_was_previewed(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        reference = await preview(client)
        done = await call(client, "register_model_run", reference=reference, confirm=True)
        lineage = await call(client, "explore_upstream", **done["next"]["arguments"], depth=1)
    assert done == {
        "status": "succeeded",
        "message": "Registered as local/1000001.",
        "session_id": done["session_id"],
        "model_run_id": "local/1000001",
        "name": "Moore Reef again",
        "next": {"tool": "explore_upstream", "arguments": {"starting_id": "local/1000001"}},
    }
    assert lineage["start"] == {"id": "local/1000001", "type": "MODEL_RUN", "name": "Moore Reef again"}
    assert wire.count(REGISTER) == 1


@pytest.mark.asyncio
async def test_a_repeat_of_a_reference_is_told_the_first_outcome(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = await preview(client)
        first = await call(client, "register_model_run", reference=reference, confirm=True)
        again = await call(client, "register_model_run", reference=reference, confirm=True)
    assert again == {
        **first,
        "message": "It had been sent with this reference before and was not sent again. " + first["message"],
    }
    assert wire.count(REGISTER) == 1


@pytest.mark.asyncio
async def test_two_calls_at_once_with_one_reference_register_one_run(tmp_path: Path):
    both_are_here = asyncio.Barrier(2)

    async def meet(request: httpx.Request, send: Send) -> httpx.Response:
        await both_are_here.wait()
        return await send(request)

    async with provena(tmp_path) as wire, server(wire) as client:
        reference = await preview(client)
        wire.spoilt["/job-api/jobs/user/list"] = meet
        answers = await asyncio.gather(
            *(
                client.call_tool("register_model_run", {"reference": reference, "confirm": True})
                for _ in range(2)
            )
        )
        runs = await call(client, "list_items", subtype="MODEL_RUN", sort_by="created", limit=2)
    assert wire.count(REGISTER) == 1
    assert [row["name"] for row in runs["items"]].count("Moore Reef again") == 1
    assert sum(not answer.is_error for answer in answers) >= 1


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_full_record_with_confirm_is_sent_when_the_user_agrees(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        done = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")
    assert user.questions == [
        "Register this model run? Its handle will be permanent.\n\n"
        "Name: Moore Reef again\n"
        "Description: The pilot once more, with the agreed annotations.\n"
        "Workflow template: Reef hydrodynamics (sample/1000011)\n"
        "Model: LagoonFlow (sample/1000006), version 1.2\n"
        "Inputs: Moore Reef mooring winds 2018 (sample/1000012) as Atmospheric forcing; "
        "Reef bathymetry and outlines (sample/1000013) as Bathymetry and reef outlines; "
        "Bottom friction settings (sample/1000014) as Model settings [settings_file = drag_2026.yaml]\n"
        "Outputs: Pilot currents, Moore Reef 2018 (sample/1000015) as Currents and temperature\n"
        "Modeller: Maren Holt (sample/1000005)\n"
        "Study: Reef hindcast 2016-2019 (sample/1000031)\n"
        "Time: 2023-11-14T22:13:20Z to 2023-11-14T23:13:20Z\n"
        "Annotations: scenario = hindcast, grid_resolution = 200 m"
    ]
    assert wire.count(REGISTER) == 1


@pytest.mark.asyncio
@BOTH_ERAS
@pytest.mark.parametrize(
    ("user", "status", "words"),
    [
        (Asked(action="decline"), "declined", "Some hosts decline without showing the question"),
        (Asked(action="cancel"), "cancelled", "closed without an answer"),
        (Asked(content={"agree": False}), "declined", "Declined"),
    ],
    ids=["declined", "cancelled", "accepted with a no"],
)
async def test_without_a_yes_nothing_is_sent_and_a_reference_is_offered_for_the_chat(
    tmp_path: Path, era: str, user: Asked, status: str, words: str
):
    user.questions.clear()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        answer = await call(client, "register_model_run", record=a_record(), confirm=True)
        assert (answer["status"], answer["ready"], wire.count(REGISTER)) == (status, True, 0)
        assert words in answer["message"]
        assert len(user.questions) == 1
        done = await call(client, "register_model_run", reference=answer["reference"], confirm=True)
    assert done["status"] == "succeeded"
    assert len(user.questions) == 1


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_client_that_cannot_be_asked_gets_the_preview(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        answer = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert (answer["status"], answer["ready"], wire.count(REGISTER)) == ("preview", True, 0)
    assert "cannot put the question to the user" in answer["message"]
    assert answer["reference"]


@pytest.mark.asyncio
@BOTH_ERAS
async def test_an_acceptance_without_an_answer_is_not_a_yes(tmp_path: Path, era: str):
    user = Asked(content=None)
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        error = await failure(client, "register_model_run", record=a_record(), confirm=True)
    assert (error["kind"], error["parameter"], error["fault"]) == ("Argument", "confirm", "caller")
    assert "neither yes nor no" in error["message"]
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_preview_or_a_reference_asks_nobody(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        reference = await preview(client)
        await call(client, "register_model_run", reference=reference)
        await call(client, "register_model_run", record={"display_name": "Partial"}, confirm=True)
        await call(client, "register_model_run", reference=reference, confirm=True)
    assert user.questions == []


@pytest.mark.asyncio
@BOTH_ERAS
async def test_what_has_changed_since_the_preview_is_previewed_again(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        reference = await preview(client)
        wire.edit_item("sample/1000031", display_name="Reef hindcast, renamed")
        again = await call(client, "register_model_run", reference=reference, confirm=True)
        assert (again["status"], again["ready"], wire.count(REGISTER)) == ("preview", True, 0)
        assert again["message"].startswith("Something this change refers to has changed")
        assert again["run"]["study"]["name"] == "Reef hindcast, renamed"
        done = await call(client, "register_model_run", reference=again["reference"], confirm=True)
    assert done["status"] == "succeeded"


@pytest.mark.asyncio
@BOTH_ERAS
async def test_what_changes_while_the_user_reads_is_asked_about_again(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:

        def rename() -> None:
            user.then = None
            wire.edit_item("sample/1000031", display_name="Reef hindcast, renamed")

        user.then = rename
        done = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert done["status"] == "succeeded"
    assert ["Reef hindcast, renamed" in question for question in user.questions] == [False, True]


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_change_that_the_user_agrees_to_is_prepared_once(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire:
        async with server(wire, era) as client:
            await preview(client)
            looked_up = [wire.count(path) for path in (FETCH, LIST_JOBS)]
        async with server(wire, era, asked=Asked()) as client:
            done = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert done["status"] == "succeeded"
    # What is read once more is the run that was registered; of the newest runs there is one look for each,
    # and one says before sending whether anything changed.
    assert [wire.count(path) for path in (FETCH, LIST_JOBS)] == [2 * looked_up[0] + 1, 2 * looked_up[1]]
    assert wire.count(LIST_ITEMS) == 3


@pytest.mark.asyncio
@BOTH_ERAS
async def test_however_long_the_user_reads_the_job_is_waited_for(tmp_path: Path, era: str):
    clock, user = HandClock(), Asked()
    async with provena(tmp_path) as wire:
        polling = PollPolicy(first_pause=0.005, longest_pause=0.02, clock=clock)
        async with server(wire, era, asked=user, polling=polling) as client:

            def read_slowly() -> None:
                clock.now += 90

            user.then = read_slowly
            done = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")


@pytest.mark.asyncio
@BOTH_ERAS
async def test_where_it_cannot_be_learnt_what_has_changed_the_change_is_looked_at_again(
    tmp_path: Path, era: str
):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        wire.spoilt[LIST_ITEMS] = answering(500, {"detail": "down"})
        done = await call(client, "register_model_run", record=a_record(), confirm=True)
    assert (done["status"], len(user.questions), wire.count(REGISTER)) == ("succeeded", 1, 1)
    assert wire.count(FETCH) == 25


@pytest.mark.asyncio
async def test_a_reference_that_does_not_exist_is_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        error = await failure(client, "register_model_run", reference="made-up", confirm=True)
    assert (error["kind"], error["parameter"], error["fault"]) == ("Argument", "reference", "caller")


@pytest.mark.asyncio
async def test_a_reference_of_another_server_process_is_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client, server(wire) as other:
        error = await failure(other, "register_model_run", reference=await preview(client), confirm=True)
    assert "There is no reference" in error["message"]
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_a_reference_expires_after_an_hour(tmp_path: Path):
    clock = HandClock()
    async with provena(tmp_path) as wire, server(wire, polling=PollPolicy(clock=clock)) as client:
        reference = await preview(client)
        clock.now += 3_599
        still = await call(client, "register_model_run", reference=reference)
        assert still["reference"] == reference
        clock.now += 1
        error = await failure(client, "register_model_run", reference=reference, confirm=True)
    assert error["parameter"] == "reference"
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_a_reference_serves_the_tool_it_was_made_for_only(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = await preview(client)
        for tool in ("register_batch_model_runs", "update_model_run", "link_model_run_to_study"):
            error = await failure(client, tool, reference=reference, confirm=True)
            assert "was made for register_model_run" in error["message"]
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_a_reference_goes_with_the_record_it_was_made_of_or_none(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        reference = await preview(client)
        error = await failure(
            client,
            "register_model_run",
            reference=reference,
            record=a_record(display_name="Another"),
            confirm=True,
        )
        assert error["parameter"] == "record"
        assert wire.count(REGISTER) == 0
        done = await call(client, "register_model_run", reference=reference, record=a_record(), confirm=True)
    assert done["status"] == "succeeded"
