"""Asks the user through their client before something is written, in both protocol eras."""

from __future__ import annotations

from typing import Any, Final

from mcp.server.elicitation import CancelledElicitation, DeclinedElicitation
from mcp.server.mcpserver import Context, Elicit, ElicitationResult
from pydantic import BaseModel, Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.commands.confirmation.change import AlreadySent, Command, Consent, Order, Proposal, ResultT
from provena_mcp.commands.confirmation.gate import decide, propose, wants_consent
from provena_mcp.errors import ArgumentError
from provena_mcp.tools.definition import Reply
from provena_mcp.tools.progress import progress_reporter
from provena_mcp.wire.items import JsonObject


async def proposed(
    ctx: Context[Application], command: Command[ResultT], reference: str | None, **arguments: JsonValue
) -> Proposal[ResultT] | AlreadySent:
    """The change that a tool's ``arguments`` or ``reference`` ask for; those that are none were not given.

    Raises:
        ProvenaError: As ``propose``.
    """
    given: JsonObject = {name: value for name, value in arguments.items() if value is not None}
    return await propose(ctx.request_context.lifespan_context.desk(), command, given, reference)


async def decided(
    ctx: Context[Application],
    command: Command[ResultT],
    proposal: Proposal[ResultT] | AlreadySent,
    *,
    confirm: bool,
    consent: Consent = "not_needed",
    wait: bool = False,
) -> Reply[ResultT]:
    """What comes of a proposal; ``wait`` follows its job."""
    app = ctx.request_context.lifespan_context
    order = Order(
        confirm=confirm,
        consent=consent,
        wait=wait,
        polling=app.polling,
        deadline=app.polling.deadline(),
        on_progress=progress_reporter(ctx),
    )
    return Reply(await decide(app.desk(), command, proposal, order))


_LENGTH: Final = 4_000


class Agreement(BaseModel):
    """What the user's form asks: whoever accepts it as it is has agreed."""

    agree: bool = Field(default=True, description="Write this to Provena")


class NotAsked(Agreement):
    """Stands for an answer where no question was put."""

    agree: bool = False
    because: Consent


def ask_for(
    ctx: Context[Application], proposal: Proposal[Any] | AlreadySent, *, confirm: bool
) -> NotAsked | Elicit[Agreement]:
    """The question to the user, if one is needed and can be put."""
    if isinstance(proposal, AlreadySent) or not wants_consent(proposal, confirm=confirm):
        return NotAsked(because="not_needed")
    if not _can_ask(ctx):
        return NotAsked(because="cannot_ask")
    return Elicit(proposal.question[:_LENGTH], Agreement)


def consent_in(answer: ElicitationResult[Agreement]) -> Consent:
    """What the user's answer, or its absence, means."""
    match answer:
        case DeclinedElicitation():
            return "declined"
        case CancelledElicitation():
            return "cancelled"
        case _:
            if isinstance(answer.data, NotAsked):
                return answer.data.because
            return "given" if answer.data.agree else "declined"


def unusable_answer() -> ArgumentError:
    """The error for a question that the host answered with something other than a filled-in form."""
    return ArgumentError(
        "The host answered the question to the user in a form that says neither yes nor no. "
        "Nothing was changed.",
        parameter="confirm",
        advice="Call again without confirm, show the preview in the chat, and when the user agrees confirm "
        "with its reference.",
    )


def _can_ask(ctx: Context[Application]) -> bool:
    # A bare ``elicitation: {}`` means forms, the only kind there was once; a URL alone is no form.
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
