"""The one human gate of every write: preview, reference, consent, and sent at most once.

A change is prepared from its arguments. Without ``confirm`` the preview is the answer, with a
reference when the change is ready. A reference with ``confirm`` sends what was previewed, prepared
again so that anything that has changed since leads to a new preview. ``confirm`` without a
reference sends only what the user has just consented to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from provena_mcp.commands.confirmation.change import AlreadySent, Command, Order, Proposal, ResultT
from provena_mcp.commands.confirmation.preview_store import Kept
from provena_mcp.commands.confirmation.submission import commit, repeated
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.results import WriteStatus
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.items import JsonObject

_CHANGED: Final = "Something this change refers to has changed since it was previewed: look at it again. "
_SHOW: Final = (
    "Nothing has been changed. Show this to the user; when they agree, call again with this reference and "
    "confirm: true."
)
_NOT_READY: Final = (
    "Nothing has been changed. Ask the user for what is missing, correct the problems and call again."
)
_CANNOT_ASK: Final = (
    "Nothing has been changed: this client cannot put the question to the user. Show them this in the chat; "
    "when they agree, call again with this reference and confirm: true."
)
_DECLINED: Final = (
    "Declined: nothing has been changed. Some hosts decline without showing the question: if the user saw "
    "none, ask them in the chat, and only when they agree call again with this reference and confirm: true."
)
_CANCELLED: Final = (
    "The question was closed without an answer: nothing has been changed. Ask the user whether to go on; "
    "when they agree, call again with this reference and confirm: true."
)


def wants_consent(proposal: Proposal[ResultT] | AlreadySent, *, confirm: bool) -> bool:
    """Whether the user has to be asked before this may be sent."""
    return isinstance(proposal, Proposal) and confirm and proposal.is_ready and proposal.kept is None


async def propose(
    desk: Desk, command: Command[ResultT], given: JsonObject, reference: str | None
) -> Proposal[ResultT] | AlreadySent:
    """The change that ``given`` or ``reference`` asks for; nothing is sent or kept.

    What is given along with a reference has to be what was previewed under it.

    Raises:
        ArgumentError: The reference is not good, or something else is given than was previewed.
        ProvenaError: What the change refers to could not be looked up.
    """
    if reference is None:
        return await command.prepare(desk, given)
    named = await desk.references.open(desk.caller, reference.strip(), *command.accepts)
    converted = named if named.kind != command.kind else None
    kept = await _previewed_from(desk, command, named) if converted else named
    content = _merged((kept or named).content, given)
    if kept is not None and kept.outcome is not None:
        return AlreadySent(kept)
    proposal = await command.prepare(desk, content)
    changed = kept is not None and kept.digest != proposal.digest
    return replace(proposal, kept=kept, changed=changed, converted=converted)


async def decide(
    desk: Desk, command: Command[ResultT], proposal: Proposal[ResultT] | AlreadySent, order: Order
) -> ResultT:
    """Send the change if it was confirmed and the user agrees; otherwise say what is needed for that.

    Raises:
        AmbiguousWriteError: It was sent and nobody knows whether it arrived; it is not sent again.
        ProvenaError: Provena refused it, or did not get it.
    """
    if isinstance(proposal, AlreadySent):
        return await repeated(desk, command, proposal.kept, order)
    if not proposal.is_ready:
        return _shown(proposal, None, "preview", _NOT_READY)
    if order.confirm and proposal.kept is not None and not proposal.changed:
        return await commit(desk, command, proposal, proposal.kept, order)
    kept = await _offer(desk, command, proposal)
    if order.confirm and proposal.kept is None and order.consent == "given":
        return await commit(desk, command, proposal, kept, order)
    return _shown(proposal, kept, *_unsent(proposal, order))


def _unsent(proposal: Proposal[ResultT], order: Order) -> tuple[WriteStatus, str]:
    if proposal.changed:
        return "preview", _CHANGED + _SHOW
    if not order.confirm:
        return "preview", _SHOW
    match order.consent:
        case "declined":
            return "declined", _DECLINED
        case "cancelled":
            return "cancelled", _CANCELLED
        case _:
            return "preview", _CANNOT_ASK


async def _previewed_from(desk: Desk, command: Command[ResultT], converted: Kept) -> Kept | None:
    if converted.successor is None:
        return None
    try:
        return await desk.references.open(desk.caller, converted.successor, command.kind)
    except ArgumentError:
        return None


def _merged(content: JsonObject, given: JsonObject) -> JsonObject:
    for name, value in given.items():
        if name in content and content[name] != value and not isinstance(value, bool):
            meant = content[name]
            shown = (
                f"{value}, and {meant}" if isinstance(value, int) and isinstance(meant, int) else "not what"
            )
            raise ArgumentError(
                f"{name} is {shown} was previewed under this reference. Nothing was changed.",
                parameter=name,
                advice="Confirm with the reference alone, or leave the reference out for a new preview.",
            )
    return {**content, **given}


async def _offer(desk: Desk, command: Command[ResultT], proposal: Proposal[ResultT]) -> Kept:
    if proposal.kept is not None and not proposal.changed:
        return proposal.kept
    kept = await desk.references.keep(desk.caller, command.kind, proposal.content, proposal.digest)
    if proposal.converted is not None:
        await desk.references.succeed(desk.caller, proposal.converted, kept.reference)
    return kept


def _shown(proposal: Proposal[ResultT], kept: Kept | None, status: WriteStatus, message: str) -> ResultT:
    update: dict[str, JsonValue] = {
        "status": status,
        "message": message,
        "ready": proposal.is_ready,
        "reference": kept.reference if kept else None,
    }
    return proposal.preview.model_copy(update=update)
