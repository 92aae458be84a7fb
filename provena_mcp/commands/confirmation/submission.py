"""Sends a confirmed change, once, and follows its job."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import anyio
from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import Change, Confirmation, PayloadT, ResultT, Sent
from provena_mcp.commands.confirmation.write_result import WriteStatus
from provena_mcp.commands.confirmation.write_store import (
    StoredPreview,
    Submission,
    UnknownOutcome,
    WriteContext,
)
from provena_mcp.errors import (
    AccessError,
    AmbiguousWriteError,
    CallerError,
    DeadlineError,
    MalformedAnswerError,
    ProvenaError,
    UnavailableError,
    UnderWayError,
)
from provena_mcp.next_call import NextCall
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.job_wait import (
    JobState,
    fetch_job_state,
    is_about,
    poll,
    run_id_of,
    run_name_of,
)
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject

logger = logging.getLogger(__name__)

STILL_RUNNING: Final = "Sent; Provena is still working on it. get_job says what came of it."

# After these Provena has certainly done nothing, so that the same reference may be sent again. A change of
# several requests raises them for its first alone: what fails after that is an outcome that its answer tells.
_NOTHING_DONE: Final = (CallerError, AccessError, UnavailableError, DeadlineError)
_AGAIN: Final = "It had been sent with this reference before and was not sent again. "
_LOOK: Final = "Whether it came about, list_items or fetch_items shows."
_FIND_OUT: Final = (
    "Look whether it arrived, with list_jobs or search_items. If not, call again without the reference."
)


async def submit(
    context: WriteContext,
    change: Change[PayloadT, ResultT],
    stored: StoredPreview,
    payload: PayloadT,
    fingerprints: tuple[str, ...],
    confirmation: Confirmation,
) -> ResultT:
    """Send ``payload`` under the reference of ``stored``, unless that has been done; what came of it.

    Raises:
        AmbiguousWriteError: Nobody knows whether it arrived; it is not sent again.
        ProvenaError: Provena refused it, or did not get it.
    """
    deadline = confirmation.polling.deadline()
    if not await context.previews.claim(context.caller, stored.reference, context.now()):
        earlier = await earlier_result(context, change, stored, confirmation)
        if earlier is not None:
            return earlier
        # Gone between its opening and its claim, perhaps, with the store that held both: that is said here.
        await context.previews.open(context.caller, stored.reference, stored.tool)
        raise _being_sent()
    answer: JsonObject = {}
    # Whoever called may hang up, but what was sent has to be remembered.
    with anyio.CancelScope(shield=True):
        answer = await _send(context, change, stored, payload, fingerprints)
    return await _followed(context, change, Sent(stored.arguments, answer), confirmation, deadline)


async def earlier_result(
    context: WriteContext,
    change: Change[PayloadT, ResultT],
    stored: StoredPreview,
    confirmation: Confirmation,
) -> ResultT | None:
    """What came of sending ``stored`` before; none if it never was.

    Raises:
        UnderWayError: It is being sent at this moment.
        AmbiguousWriteError: Its answer was lost, or whoever sent it never came to note one.
    """
    if stored.status == "open":
        claimed = await context.previews.claimed_at(context.caller, stored.reference)
        if claimed is None:
            return None
        # What came of it is noted after the claim, so it may be there by now.
        stored = await context.previews.open(context.caller, stored.reference, stored.tool)
        if stored.status == "open":
            raise _being_sent() if context.now() - claimed <= context.longest_call else _interrupted()
    if stored.answer is None:
        raise _told_again(stored.failure)
    sent = Sent(stored.arguments, stored.answer)
    result = await _followed(context, change, sent, confirmation, confirmation.polling.deadline())
    return result.model_copy(update={"message": _AGAIN + result.message})


def _told_again(failure: UnknownOutcome | None) -> AmbiguousWriteError:
    if failure is None:
        return AmbiguousWriteError(
            "This was sent with this reference before and its answer was lost; it was not sent again.",
            advice=_FIND_OUT,
        )
    return AmbiguousWriteError(
        f"{_AGAIN}What came of it: {failure.message}",
        advice=failure.advice or _FIND_OUT,
        upstream=failure.upstream,
    )


def _being_sent() -> UnderWayError:
    return UnderWayError(
        "This is being sent at this moment, by another call with the same reference.",
        advice="Repeat the call in a few seconds to learn what came of it, or look with list_jobs.",
    )


def _interrupted() -> AmbiguousWriteError:
    return AmbiguousWriteError(
        "This was being sent when the call that sent it was interrupted, so nobody knows whether it arrived; "
        "it is not sent again.",
        advice=_FIND_OUT,
    )


async def _send(
    context: WriteContext,
    change: Change[PayloadT, ResultT],
    stored: StoredPreview,
    payload: PayloadT,
    fingerprints: tuple[str, ...],
) -> JsonObject:
    when = int(context.now())
    try:
        answer = await change.send(context, payload)
    except _NOTHING_DONE:
        await _release(context, stored)
        raise
    except ProvenaError as error:
        failure = UnknownOutcome(message=error.message, advice=error.advice, upstream=error.upstream)
        await _remember(context, stored, failure, fingerprints, Submission(when=when))
        raise
    submission = Submission(when=when, session_id=session_in(answer))
    # Without a job no record was sent: what these need was created only in part.
    sent = fingerprints if submission.session_id is not None else ()
    await _remember(context, stored, answer, sent, submission)
    return answer


async def _release(context: WriteContext, stored: StoredPreview) -> None:
    try:
        await context.previews.release(context.caller, stored.reference)
    except ProvenaError as error:
        # Why it was not done matters more; the reference cannot be sent again, and a new one can be had.
        logger.warning("A claim could not be given back. %s %s", error.message, error.advice)


async def _remember(
    context: WriteContext,
    stored: StoredPreview,
    outcome: JsonObject | UnknownOutcome,
    fingerprints: tuple[str, ...],
    submission: Submission,
) -> None:
    try:
        await context.previews.settle(context.caller, stored, outcome)
        await context.submissions.note(context.caller, fingerprints, submission)
    except ProvenaError as error:
        # What came of sending matters more; the claim stays, so that it is not sent again.
        logger.warning("What was sent could not be remembered. %s %s", error.message, error.advice)


async def _followed(
    context: WriteContext,
    change: Change[PayloadT, ResultT],
    sent: Sent,
    confirmation: Confirmation,
    deadline: float,
) -> ResultT:
    """What came of a change that was sent, its job followed until ``deadline`` where that is wanted."""
    session_id = session_in(sent.answer)
    if not confirmation.wait or session_id is None:
        return await change.result(context, sent)
    try:
        job = await poll(
            lambda: fetch_job_state(context.client.jobs, session_id, *_job_in(sent.answer)),
            confirmation.polling,
            deadline,
            confirmation.on_progress,
        )
        about = sent.answer.get("about")
        if job.job and isinstance(about, dict) and not await to_thread.run_sync(is_about, job.job, about):
            raise MalformedAnswerError("job-api answered with a job about something else than was sent.")
    except ProvenaError as error:
        result = await change.result(context, sent)
        warning = f"It was sent, but its job could not be followed: {error.message} {_LOOK}"
        return result.model_copy(update={"warnings": (warning,)})
    return await change.result(context, replace(sent, job=job))


def _job_in(answer: JsonObject) -> tuple[str, ...]:
    """The subtype that the queued job has, if the answer names it."""
    found = answer.get("job")
    return (found,) if isinstance(found, str) else ()


def session_in(answer: JsonObject) -> str | None:
    """The session of the job that Provena queued, if its answer names one."""
    found = answer.get("session_id")
    return found if isinstance(found, str) and found else None


def job_result(
    result_type: type[ResultT],
    sent: Sent,
    *,
    succeeded: str,
    failed: str,
    name: JsonValue = None,
    model_run_id: str | None = None,
) -> ResultT:
    """What came of a change that a job carries out, as far as that has come.

    Args:
        result_type: What the tool answers.
        sent: What was sent.
        succeeded: The message if the job succeeded.
        failed: The message if it failed.
        name: Of the run, where it was given.
        model_run_id: The run that was changed; by default the one the job made.
    """
    job = sent.job.job
    session_id = session_in(sent.answer)
    run_id = run_id_of(job) if job else None
    failure = explain_failure(job) if job is not None and job.status == "FAILED" else None
    status = write_status(sent.job)
    return result_type(
        status=status,
        message={"succeeded": succeeded, "failed": failed}.get(status, STILL_RUNNING),
        session_id=session_id,
        model_run_id=run_id or model_run_id,
        name=_given_name(name) or (run_name_of(job) if job else None),
        reason=failure.reason if failure else None,
        likely_causes=(failure.likely or None) if failure else None,
        provena_said=failure.provena_said if failure else None,
        next=_next(session_id, sent.job, run_id),
    )


def write_status(job: JobState) -> WriteStatus:
    """How a write stands: submitted until all of it has ended."""
    if not job.finished:
        return "submitted"
    return "succeeded" if job.status == "succeeded" else "failed"


def display_name(record: JsonValue) -> JsonValue:
    """The name in a record as it was given."""
    return record.get("display_name") if isinstance(record, dict) else None


def _given_name(name: JsonValue) -> str | None:
    return (clean(name, NAME_LENGTH) or None) if isinstance(name, str) else None


def _next(session_id: str | None, job: JobState, run_id: str | None) -> NextCall | None:
    if not job.finished:
        return NextCall(tool="get_job", arguments={"session_id": session_id, "wait": True})
    return NextCall(tool="explore_upstream", arguments={"starting_id": run_id}) if run_id else None
