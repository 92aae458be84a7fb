"""Tools for administrators; every change is confirmed with the reference of its preview."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.commands import generate_config
from provena_mcp.commands.delete_run import DeleteModelRunResult, DeleteRun
from provena_mcp.commands.restore_runs import RestoreAll, RestoreRuns, StoreRecordsResult
from provena_mcp.queries.documents.user_files import place_for
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.elicitation import Confirmed, confirmed
from provena_mcp.tools.parameters import Confirm, Reference, SaveAs
from provena_mcp.wire.items import JsonObject

Validate = Annotated[bool, Field(description="Check it as when registering")]


@tool(title="Config file", toolset="admin")
async def generate_config_file(
    ctx: Context[Application],
    required_only: Annotated[bool, Field(description="Only settings without a default")] = True,
    save_as: SaveAs = None,
    confirm: Annotated[bool, Field(description="Save it with its secrets")] = False,
) -> Reply[generate_config.GenerateConfigFileResult]:
    """The settings of prov-api."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as, "env", "txt")
    return Reply(
        await generate_config.generate_config(
            app.client,
            required_only=required_only,
            place=place,
            confirm=confirm,
            max_tokens=app.max_result_tokens,
        )
    )


@tool(title="Store record", toolset="admin", effect="destroys")
async def store_record(
    ctx: Context[Application],
    registry_record: Annotated[JsonObject | None, Field(description="A run's registry item, or {id}")] = None,
    validate_record: Validate = True,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[StoreRecordsResult]:
    """Write one run into the graph again."""
    items: list[JsonValue] | None = [registry_record] if registry_record else None
    return await confirmed(
        ctx,
        RestoreRuns("store_record", several=False),
        reference=reference,
        confirm=confirm,
        ask=False,
        items=items,
        validate_record=_unless_checked(validate_record),
    )


@tool(title="Store several records", toolset="admin", effect="destroys")
async def store_multiple_records(
    ctx: Context[Application],
    registry_records: Annotated[list[JsonObject] | None, Field(description="As store_record")] = None,
    validate_record: Validate = True,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[StoreRecordsResult]:
    """Write several runs into the graph again."""
    items: list[JsonValue] | None = [*registry_records] if registry_records else None
    return await confirmed(
        ctx,
        RestoreRuns("store_multiple_records", several=True),
        reference=reference,
        confirm=confirm,
        ask=False,
        items=items,
        validate_record=_unless_checked(validate_record),
    )


@tool(title="Store all registry records", toolset="admin", effect="destroys")
async def store_all_registry_records(
    ctx: Context[Application],
    validate_record: Validate = True,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[StoreRecordsResult]:
    """Write every run of the registry into the graph again."""
    return await confirmed(
        ctx,
        RestoreAll(),
        reference=reference,
        confirm=confirm,
        ask=False,
        validate_record=_unless_checked(validate_record),
    )


@tool(title="Delete model run", toolset="admin", effect="destroys")
async def delete_model_run(
    ctx: Context[Application],
    model_run_id: Annotated[str | None, Field(description="Its handle")] = None,
    trial: Annotated[bool | None, Field(description="Only show; the default without a reference")] = None,
    and_registry: Annotated[bool, Field(description="Its registry item too, for good")] = False,
    reference: Reference = None,
    confirm: Confirm = False,
) -> Confirmed[DeleteModelRunResult]:
    """Take a run out of the lineage graph."""
    return await confirmed(
        ctx,
        DeleteRun(),
        reference=reference,
        confirm=confirm and not trial,
        ask=False,
        model_run_id=model_run_id,
        and_registry=and_registry or None,
    )


def _unless_checked(validate_record: bool) -> bool | None:
    # The usual value says nothing, so that a reference alone confirms what was previewed without checks.
    return None if validate_record else False


TOOLS = (
    generate_config_file,
    store_record,
    store_multiple_records,
    store_all_registry_records,
    delete_model_run,
)
