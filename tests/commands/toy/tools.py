"""Removes a person from the registry: the definition."""

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.tools.definition import tool
from provena_mcp.tools.elicitation import Confirmed, confirmed
from provena_mcp.tools.parameters import Confirm, Reference
from tests.commands.toy.remove_person import RemovePerson, RemovePersonResult


@tool(title="Remove person", toolset="curation", effect="destroys")
async def remove_person(
    ctx: Context[Application],
    person_id: Annotated[str | None, Field(description="Their handle")] = None,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[RemovePersonResult]:
    """Remove a person."""
    return await confirmed(ctx, RemovePerson(), reference=reference, confirm=confirm, person_id=person_id)
