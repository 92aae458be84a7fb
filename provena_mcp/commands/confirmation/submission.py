"""Sends a confirmed change, once, and follows its job."""

from __future__ import annotations

import logging
from typing import Final

import anyio

from provena_mcp.commands.concluding import session_in
from provena_mcp.commands.confirmation.change import Command, Order, Proposal, ResultT
from provena_mcp.commands.confirmation.duplicate_check import Submission
from provena_mcp.commands.confirmation.preview_store import Kept, Outcome
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.errors import (
    AccessError,
    AmbiguousWriteError,
    CallerError,
    DeadlineError,
    ProvenaError,
    RejectedError,
    UnavailableError,
)
from provena_mcp.queries.jobs.polling import Followed, follow, look
from provena_mcp.wire.items import JsonObject

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
        return command.conclude(content, answer, Followed())
    try:
        seen = await follow(
            lambda: look(desk.client.jobs, session_id), order.pace, order.deadline, order.tell
        )
    except ProvenaError as error:
        result = command.conclude(content, answer, Followed())
        warning = f"It was sent, but its job could not be followed: {error.message}"
        return result.model_copy(update={"warnings": (warning,)})
    return command.conclude(content, answer, seen)
