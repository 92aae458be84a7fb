"""The tool that creates registry items."""

from __future__ import annotations

from typing import Annotated, Final

from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from provena_mcp.application import Application
from provena_mcp.commands.confirmation.change import AlreadySent, Proposal
from provena_mcp.commands.create_item import CreateItem, CreationResult
from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.elicitation import Agreement, NotAsked, ask_for, consent_in, decided, proposed
from provena_mcp.tools.parameters import Confirm, Reference
from provena_mcp.wire.items import JsonObject

_CREATE: Final = CreateItem()


def _no_run(item_subtype: object) -> object:
    if item_subtype == "MODEL_RUN":
        raise PydanticCustomError("run", "runs are registered with register_model_run")
    return item_subtype


_Created = Annotated[ContentSubtype | None, BeforeValidator(_no_run)]


async def propose_creation(
    ctx: Context[Application],
    item_subtype: ContentSubtype | None,
    item: JsonObject | None,
    reference: str | None,
) -> Proposal[CreationResult] | AlreadySent:
    """What the arguments of ``create_item`` ask for."""
    if reference is None:
        item = item or {}
    return await proposed(ctx, _CREATE, reference, item_subtype=item_subtype, item=item)


_Creation = Annotated[Proposal[CreationResult] | AlreadySent, Resolve(propose_creation)]


async def ask_to_create(
    ctx: Context[Application], confirm: bool, proposal: _Creation
) -> NotAsked | Elicit[Agreement]:
    """The question about a creation."""
    return ask_for(ctx, proposal, confirm=confirm)


@tool(title="Create item", toolset="curation", effect="writes")
async def create_item(
    ctx: Context[Application],
    proposal: _Creation,
    answer: Annotated[ElicitationResult[Agreement], Resolve(ask_to_create)],
    item_subtype: _Created = None,
    item: Annotated[JsonObject | None, Field(description="Its fields; the preview names them")] = None,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Reply[CreationResult]:
    """Create a registry item."""
    return await decided(ctx, _CREATE, proposal, confirm=confirm, consent=consent_in(answer))


TOOLS = (create_item,)
