"""The tool that creates registry items."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from provena_mcp.application import Application
from provena_mcp.commands.create_item import CreateItem, CreateItemResult
from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.tools.definition import tool
from provena_mcp.tools.elicitation import Confirmed, confirmed
from provena_mcp.tools.parameters import Confirm, Reference
from provena_mcp.wire.items import JsonObject


def _no_run(item_subtype: object) -> object:
    if item_subtype == "MODEL_RUN":
        raise PydanticCustomError("run", "runs are registered with register_model_run")
    return item_subtype


_Created = Annotated[ContentSubtype | None, BeforeValidator(_no_run)]


@tool(title="Create item", toolset="curation", effect="writes")
async def create_item(
    ctx: Context[Application],
    item_subtype: _Created = None,
    item: Annotated[JsonObject | None, Field(description="Its fields; the preview names them")] = None,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[CreateItemResult]:
    """Create a registry item."""
    if reference is None:
        item = item or {}
    return await confirmed(
        ctx, CreateItem(), reference=reference, confirm=confirm, item_subtype=item_subtype, item=item
    )


TOOLS = (create_item,)
