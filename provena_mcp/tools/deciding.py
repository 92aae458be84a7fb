"""From a tool's arguments to the gate of a write, and back to its result."""

from __future__ import annotations

from mcp.server.mcpserver import Context
from pydantic import JsonValue

from provena_mcp.application import Application
from provena_mcp.commands.confirmation.change import AlreadySent, Command, Consent, Order, Proposal, ResultT
from provena_mcp.commands.confirmation.gate import decide, propose
from provena_mcp.tools.definition import Reply
from provena_mcp.tools.progress import progress_teller
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
        pace=app.pace,
        deadline=app.pace.deadline(),
        tell=progress_teller(ctx),
    )
    return Reply(await decide(app.desk(), command, proposal, order))
