"""Confirms changes for every writing tool: asks the user through their client, in both protocol eras."""

from __future__ import annotations

from typing import Final

from mcp.server.elicitation import render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field, JsonValue, ValidationError

from provena_mcp.application import Application
from provena_mcp.client.http.room import UNDER_WAY
from provena_mcp.commands.confirmation.change import Asking, Change, Confirmation, Consent, PayloadT, ResultT
from provena_mcp.commands.confirmation.gate import ConsentQuestion, Gate
from provena_mcp.errors import ArgumentError
from provena_mcp.tools.call_context import progress_reporter, write_context
from provena_mcp.tools.definition import Reply

# A tool's reply or, where the client is asked in a call of its own, the question.
Confirmed = Reply[ResultT] | InputRequiredResult

_QUESTION: Final = "agree"
_LENGTH: Final = 4_000


class Agreement(BaseModel):
    """What the user's form asks: whoever accepts it as it is has agreed."""

    agree: bool = Field(default=True, description="Write this to Provena")


async def confirmed(
    ctx: Context[Application],
    change: Change[PayloadT, ResultT],
    *,
    reference: str | None,
    confirm: bool,
    wait: bool = False,
    ask: bool = True,
    **arguments: JsonValue,
) -> Confirmed[ResultT]:
    """What comes of a call to a writing tool.

    Args:
        ctx: The call.
        change: What the tool does.
        reference: Of a preview, if the call names one.
        confirm: Whether the change is to be sent.
        wait: Whether to follow its job.
        ask: Whether the user may be asked; else ``confirm`` counts with a reference only, so that
            nothing is sent unseen.
        arguments: What the change is made of; those that are none were not given.

    Raises:
        ProvenaError: As ``Gate.decide``.
    """
    app = ctx.request_context.lifespan_context
    confirmation = Confirmation(
        reference=reference,
        confirm=confirm and (ask or reference is not None),
        asking=_asking(ctx) if ask else "never",
        wait=wait,
        polling=app.polling,
        on_progress=progress_reporter(ctx),
    )
    gate = Gate(write_context(ctx), change, confirmation)
    answer = (ctx.input_responses or {}).get(_QUESTION)
    if answer is not None and ctx.request_state is not None:
        # The reference came back sealed, so it is the one of the question that this answers.
        outcome = await gate.answered(ctx.request_state, _consent(answer))
    else:
        outcome = await gate.decide({name: value for name, value in arguments.items() if value is not None})
    return await _asked(ctx, gate, outcome) if isinstance(outcome, ConsentQuestion) else Reply(outcome)


_FORM: Final = render_elicitation_schema(Agreement)


async def _asked(
    ctx: Context[Application], gate: Gate[PayloadT, ResultT], question: ConsentQuestion
) -> Confirmed[ResultT]:
    """Put the question: as the answer to this call, or in the handshake era while it goes on."""
    while True:
        text = question.text[:_LENGTH]
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            form = ElicitRequestFormParams(message=text, requested_schema=_FORM)
            request = ElicitRequest(params=form)
            return InputRequiredResult(input_requests={_QUESTION: request}, request_state=question.reference)
        if (asked := UNDER_WAY.get()) is not None and asked.taken:
            asked.leave()
        answer = await ctx.session.elicit_form(text, _FORM, ctx.request_id)
        outcome = await gate.answered(question.reference, _consent(answer))
        if not isinstance(outcome, ConsentQuestion):
            return Reply(outcome)
        question = outcome


def _consent(answer: object) -> Consent:
    """What the user's answer means."""
    if not isinstance(answer, ElicitResult):
        raise _unusable_answer()
    if answer.action != "accept":
        return "declined" if answer.action == "decline" else "cancelled"
    try:
        agreement = Agreement.model_validate(answer.content)
    except ValidationError as error:
        raise _unusable_answer() from error
    return "given" if agreement.agree else "declined"


def _unusable_answer() -> ArgumentError:
    return ArgumentError(
        "The host answered the question to the user in a form that says neither yes nor no. "
        "Nothing was changed.",
        parameter="confirm",
        advice="Call again without confirm, show the preview in the chat, and when the user agrees confirm "
        "with its reference.",
    )


def _asking(ctx: Context[Application]) -> Asking:
    # A bare ``elicitation: {}`` means forms, the only kind there was once; a URL alone is no form.
    capabilities = ctx.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    can_ask = elicitation is not None and (elicitation.form is not None or elicitation.url is None)
    return "possible" if can_ask else "impossible"
