"""A consent is worth one sending: however often it is delivered, and whoever else sends at that moment."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.types import CallToolResult, ElicitResult, InputRequiredResult

from tests.worlds.deployment import Asked, Send, a_record, provena, server
from tests.worlds.sample import BOTH_ERAS, call, error_of, failure
from tests.worlds.writes import writes

REGISTER = "/prov-api/model_run/register"
LIST_JOBS = "/job-api/jobs/user/list"
AGAIN = "It had been sent with this reference before and was not sent again. "
# The first run that is registered.
RUN = "local/1000001"

# Of the tools for administrators nobody is asked: they are confirmed by reference alone.
CHANGES = {tool: change for tool, change in writes(RUN).items() if "/admin/" not in change.path}
del CHANGES["delete_model_run"]
ASKING = pytest.mark.parametrize("tool", sorted(CHANGES))


async def question(client: Client, tool: str, arguments: dict[str, Any]) -> str:
    """Have the question asked; the sealed state that its answer has to bring back."""
    asked = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(asked, InputRequiredResult)
    assert asked.request_state is not None
    return asked.request_state


async def agree(client: Client, tool: str, arguments: dict[str, Any], state: str) -> CallToolResult:
    """Deliver the user's consent once."""
    answer = await client.session.call_tool(
        tool,
        arguments,
        input_responses={"agree": ElicitResult(action="accept", content={})},
        request_state=state,
        allow_input_required=True,
    )
    assert isinstance(answer, CallToolResult)
    return answer


def texts(answers: Iterable[CallToolResult]) -> str:
    return " ".join(str(answer.structured_content or answer.content) for answer in answers)


async def nobody(context: object, params: object) -> ElicitResult:
    raise AssertionError("the test answers itself")


@pytest.mark.slow
@pytest.mark.asyncio
@ASKING
async def test_a_consent_that_arrives_five_times_is_sent_once_and_told_what_came_of_it(
    tmp_path: Path, tool: str
):
    arguments, path = {**CHANGES[tool].arguments, "confirm": True}, CHANGES[tool].path
    async with (
        provena(tmp_path) as wire,
        server(wire, asked=nobody, toolsets="default,curation") as client,
    ):
        mine = await call(client, "register_model_run", record=a_record(display_name="Mine", study_id=None))
        await call(client, "register_model_run", reference=mine["reference"], confirm=True)
        before = wire.count(path)
        state = await question(client, tool, arguments)
        answers = await asyncio.gather(*(agree(client, tool, arguments, state) for _ in range(5)))
        later = (await agree(client, tool, arguments, state)).structured_content
    done = [
        answer.structured_content for answer in answers if answer.structured_content and not answer.is_error
    ]
    first = next(each for each in done if not each["message"].startswith(AGAIN))
    assert wire.count(path) == before + 1
    assert later == {**first, "message": AGAIN + first["message"]}
    assert "othing has been changed" not in texts(answers)


@pytest.mark.slow
@BOTH_ERAS
@pytest.mark.asyncio
@ASKING
async def test_what_the_user_agrees_to_when_asked_is_sent_once(tmp_path: Path, tool: str, era: str):
    change, asked = CHANGES[tool], Asked()
    async with (
        provena(tmp_path) as wire,
        server(wire, era, asked=asked, toolsets="default,curation") as client,
    ):
        mine = await call(client, "register_model_run", record=a_record(display_name="Mine", study_id=None))
        await call(client, "register_model_run", reference=mine["reference"], confirm=True)
        before = wire.count(change.path)
        done = await call(client, tool, **change.arguments, confirm=True)
    assert (done["status"], len(asked.questions)) == ("succeeded", 1)
    assert wire.count(change.path) == before + 1


@pytest.mark.asyncio
async def test_an_answer_without_the_question_it_belongs_to_is_no_consent(tmp_path: Path):
    arguments = {"record": a_record(), "confirm": True}
    async with provena(tmp_path) as wire, server(wire, asked=nobody) as client:
        answer = await client.session.call_tool(
            "register_model_run",
            arguments,
            input_responses={"agree": ElicitResult(action="accept", content={})},
            allow_input_required=True,
        )
    assert isinstance(answer, InputRequiredResult)
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_a_call_that_finds_the_run_being_sent_by_another_is_told_so(tmp_path: Path):
    both_are_here, sending, told = asyncio.Barrier(2), anyio.Event(), anyio.Event()
    first = True

    async def one_after_the_other(request: httpx.Request, send: Send) -> httpx.Response:
        nonlocal first
        is_first, first = first, False
        await both_are_here.wait()
        if not is_first:
            await sending.wait()
        return await send(request)

    async def slowly(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        sending.set()
        await told.wait()
        return answer

    async with provena(tmp_path) as wire, server(wire) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt |= {LIST_JOBS: one_after_the_other, REGISTER: slowly}
        confirm = {"reference": reference, "confirm": True}
        calls = {asyncio.create_task(client.call_tool("register_model_run", confirm)) for _ in range(2)}
        (loser,), (winner,) = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        told.set()
        done = (await winner).structured_content
    lost = error_of(loser.result())
    assert lost["message"] == "This is being sent at this moment, by another call with the same reference."
    assert (lost["kind"], lost["retry"]) == ("UnderWay", "later")
    assert lost["next"].startswith("Repeat the call in a few seconds")
    assert done is not None
    assert (done["status"], wire.count(REGISTER)) == ("succeeded", 1)


@pytest.mark.asyncio
async def test_a_sending_that_was_cut_off_is_ambiguous_once_no_call_can_be_at_it(tmp_path: Path):
    now, sending, over = [1_800_000_000.0], anyio.Event(), anyio.Event()

    async def never(request: httpx.Request, send: Send) -> httpx.Response:
        sending.set()
        await over.wait()
        return await send(request)

    async with provena(tmp_path) as wire, server(wire, now=lambda: now[0]) as client:
        reference = (await call(client, "register_model_run", record=a_record()))["reference"]
        wire.spoilt[REGISTER] = never
        confirm = {"reference": reference, "confirm": True}
        first = asyncio.create_task(client.call_tool("register_model_run", confirm))
        await sending.wait()
        now[0] += 110.0
        still = await failure(client, "register_model_run", **confirm)
        now[0] += 1.0
        cut_off = await failure(client, "register_model_run", **confirm)
        over.set()
        await first
    assert (still["kind"], still["retry"], still["message"]) == (
        "UnderWay",
        "later",
        "This is being sent at this moment, by another call with the same reference.",
    )
    assert (cut_off["kind"], cut_off["retry"]) == ("AmbiguousWrite", "check_first")
    assert "nobody knows whether it arrived" in cut_off["message"]
    assert cut_off["next"] == (
        "Look whether it arrived, with list_jobs or search_items. If not, call again without the reference."
    )
