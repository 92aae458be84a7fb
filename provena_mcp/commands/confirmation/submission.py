"""Sends a confirmed change, once, and follows its job."""

from __future__ import annotations

import logging
from typing import Final

import anyio
from pydantic import JsonValue
from typing_extensions import TypedDict

from provena_mcp.commands.confirmation.change import Command, Order, Proposal, ResultT
from provena_mcp.commands.confirmation.duplicate_check import Submission
from provena_mcp.commands.confirmation.preview_store import Kept, Outcome
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.results import WriteStatus
from provena_mcp.errors import (
    AccessError,
    AmbiguousWriteError,
    CallerError,
    DeadlineError,
    ProvenaError,
    RejectedError,
    UnavailableError,
)
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.polling import JobState, fetch_job_state, poll, run_id_of, run_name_of
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject

STILL_RUNNING: Final = "Sent; Provena is still working on it. get_job says what came of it."


class Conclusion(TypedDict):
    """Fields of a result once the change has been sent."""

    status: WriteStatus
    session_id: str
    model_run_id: str | None
    name: str | None
    reason: str | None
    likely_causes: tuple[str, ...] | None
    provena_said: str | None
    next: NextCall | None


def session_in(answer: JsonObject) -> str | None:
    """The session of the job that Provena queued, if its answer names one."""
    found = answer.get("session_id")
    return found if isinstance(found, str) and found else None


def conclusion(answer: JsonObject, seen: JobState, name: JsonValue = None) -> Conclusion:
    """What came of a change, as far as its job has come; ``name`` is of the run, where it was given."""
    session_id = str(answer["session_id"])
    given_name = (clean(name, NAME_LENGTH) or None) if isinstance(name, str) else None
    run_id = run_id_of(seen.job) if seen.job else None
    failure = explain_failure(seen.job) if seen.job is not None and seen.job.status == "FAILED" else None
    return {
        "status": write_status(seen),
        "session_id": session_id,
        "model_run_id": run_id,
        "name": given_name or (run_name_of(seen.job) if seen.job else None),
        "reason": failure.reason if failure else None,
        "likely_causes": (failure.likely or None) if failure else None,
        "provena_said": failure.provena_said if failure else None,
        "next": _next(session_id, seen, run_id),
    }


def write_status(seen: JobState) -> WriteStatus:
    """How a write stands: submitted until all of it has ended."""
    if not seen.finished:
        return "submitted"
    return "succeeded" if seen.status == "succeeded" else "failed"


def outcome_told(seen: JobState, done: str, not_done: str) -> str:
    """The message: ``done`` or ``not_done`` once the job has ended."""
    match write_status(seen):
        case "succeeded":
            return done
        case "failed":
            return not_done
        case _:
            return STILL_RUNNING


def display_name(record: JsonValue) -> JsonValue:
    """The name in a record as it was given."""
    return record.get("display_name") if isinstance(record, dict) else None


def as_object(value: JsonValue) -> JsonObject:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _next(session_id: str, seen: JobState, run_id: str | None) -> NextCall | None:
    if not seen.finished:
        return NextCall(tool="get_job", arguments={"session_id": session_id, "wait": True})
    return NextCall(tool="explore_upstream", arguments={"starting_id": run_id}) if run_id else None


logger = logging.getLogger(__name__)

# After these Provena has certainly done nothing, so that the same reference may be sent again.
_NOTHING_DONE: Final = (CallerError, AccessError, UnavailableError, DeadlineError)
_AGAIN: Final = "It had been sent with this reference before and was not sent again. "


async def commit(
    desk: Desk, command: Command[ResultT], proposal: Proposal[ResultT], kept: Kept, order: Order
) -> ResultT:
    """Send ``proposal`` under its reference ``kept``, unless that has been done, and tell what came of it.

    Raises:
        AmbiguousWriteError: Nobody knows whether it arrived; it is not sent again.
        ProvenaError: Provena refused it, or did not get it.
    """
    if not await desk.references.claim(desk.caller, kept.reference):
        now = await desk.references.open(desk.caller, kept.reference, command.kind)
        if now.outcome is None:
            raise RejectedError(
                "This is being sent at this moment, by another call with the same reference.",
                advice="Repeat the call in a few seconds, or look with list_jobs.",
            )
        return await repeated(desk, command, now, order)
    outcome = Outcome(answer=None)
    # Whoever called may hang up, but what was sent has to be remembered.
    with anyio.CancelScope(shield=True):
        outcome = await _send(desk, proposal, kept)
    return await _concluded(desk, command, proposal.content, outcome, order)


async def repeated(desk: Desk, command: Command[ResultT], kept: Kept, order: Order) -> ResultT:
    """What came of the change that was sent under ``kept`` before.

    Raises:
        AmbiguousWriteError: Its answer was lost.
    """
    result = await _concluded(desk, command, kept.content, kept.outcome or Outcome(answer=None), order)
    return result.model_copy(update={"message": _AGAIN + result.message})


async def _send(desk: Desk, proposal: Proposal[ResultT], kept: Kept) -> Outcome:
    if proposal.send is None:
        raise AssertionError("only what is ready is sent")
    when = int(desk.now())
    try:
        answer = await proposal.send()
    except _NOTHING_DONE:
        await desk.references.release(desk.caller, kept.reference)
        raise
    except ProvenaError:
        await _remember(desk, proposal, kept, Outcome(answer=None), Submission(when=when))
        raise
    outcome = Outcome(answer=answer)
    await _remember(desk, proposal, kept, outcome, Submission(when=when, session_id=session_in(answer)))
    return outcome


async def _remember(
    desk: Desk, proposal: Proposal[ResultT], kept: Kept, outcome: Outcome, submission: Submission
) -> None:
    try:
        await desk.references.settle(desk.caller, kept, outcome)
        await desk.submissions.note(desk.caller, proposal.prints, submission)
    except ProvenaError as error:
        # What came of sending matters more; the claim stays, so that it is not sent again.
        logger.warning("What was sent could not be remembered. %s %s", error.message, error.advice)


async def _concluded(
    desk: Desk, command: Command[ResultT], content: JsonObject, outcome: Outcome, order: Order
) -> ResultT:
    answer = outcome.answer
    if answer is None:
        raise AmbiguousWriteError(
            "This was sent with this reference before and its answer was lost; it was not sent again.",
            advice="Look whether it arrived, with list_jobs or fetch_items. If not, call again without "
            "the reference.",
        )
    session_id = session_in(answer)
    if not order.wait or session_id is None:
        return command.conclude(content, answer, JobState())
    try:
        seen = await poll(
            lambda: fetch_job_state(desk.client.jobs, session_id),
            order.polling,
            order.deadline,
            order.on_progress,
        )
    except ProvenaError as error:
        result = command.conclude(content, answer, JobState())
        warning = f"It was sent, but its job could not be followed: {error.message}"
        return result.model_copy(update={"warnings": (warning,)})
    return command.conclude(content, answer, seen)
