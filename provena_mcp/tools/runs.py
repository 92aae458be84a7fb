"""Tools that record model runs: each previews, asks once, and sends once."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.commands.link_run import LinkModelRunToStudyResult, LinkRun
from provena_mcp.commands.records.batch_preview import RegisterBatchModelRunsResult
from provena_mcp.commands.register_batch import RegisterBatch
from provena_mcp.commands.register_run import RegisterModelRunResult, RegisterRun
from provena_mcp.commands.update_run import UpdateModelRunResult, UpdateRun
from provena_mcp.tools.definition import tool
from provena_mcp.tools.elicitation import Confirmed, confirmed
from provena_mcp.tools.parameters import Confirm, Reference, Wait
from provena_mcp.tools.records import DescribedRecord, RunRecord
from provena_mcp.wire.items import JsonObject

RunId = Annotated[str | None, Field(description="Its handle")]
AllowDuplicate = Annotated[bool, Field(description="Register the same record again")]


@tool(title="Register model run", toolset="runs", effect="writes")
async def register_model_run(
    ctx: Context[Application],
    record: DescribedRecord | None = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
    allow_duplicate: AllowDuplicate = False,
) -> Confirmed[RegisterModelRunResult]:
    """Register a run."""
    return await confirmed(
        ctx,
        RegisterRun(),
        reference=reference,
        confirm=confirm,
        wait=wait,
        record=record,
        allow_duplicate=allow_duplicate or None,
    )


@tool(title="Register several model runs", toolset="runs", effect="writes")
async def register_batch_model_runs(
    ctx: Context[Application],
    records: Annotated[list[RunRecord] | None, Field(description="As register_model_run")] = None,
    reference: Annotated[str | None, Field(description="From convert_model_runs or the preview")] = None,
    expect_new: Annotated[int | None, Field(ge=0, description="How many there must be")] = None,
    confirm: Confirm = False,
    wait: Wait = True,
    allow_duplicate: AllowDuplicate = False,
) -> Confirmed[RegisterBatchModelRunsResult]:
    """Register several runs."""
    listed: list[JsonValue] | None = [*records] if records is not None else None
    return await confirmed(
        ctx,
        RegisterBatch(),
        reference=reference,
        confirm=confirm,
        wait=wait,
        records=listed,
        expect_new=expect_new,
        allow_duplicate=allow_duplicate or None,
    )


@tool(title="Update model run", toolset="runs", effect="destroys")
async def update_model_run(
    ctx: Context[Application],
    model_run_id: RunId = None,
    reason: Annotated[str | None, Field(description="Why; kept in its history")] = None,
    record: Annotated[RunRecord | None, Field(description="As register_model_run")] = None,
    changes: Annotated[JsonObject | None, Field(description="Merge patch: null removes")] = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
) -> Confirmed[UpdateModelRunResult]:
    """Change a run's record."""
    return await confirmed(
        ctx,
        UpdateRun(),
        reference=reference,
        confirm=confirm,
        wait=wait,
        model_run_id=model_run_id,
        reason=reason,
        record=record,
        changes=changes,
    )


@tool(title="Link model run to study", toolset="runs", effect="writes")
async def link_model_run_to_study(
    ctx: Context[Application],
    model_run_id: RunId = None,
    study_id: str | None = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
) -> Confirmed[LinkModelRunToStudyResult]:
    """Put a run into a study."""
    return await confirmed(
        ctx,
        LinkRun(),
        reference=reference,
        confirm=confirm,
        wait=wait,
        model_run_id=model_run_id,
        study_id=study_id,
    )


TOOLS = (register_model_run, register_batch_model_runs, update_model_run, link_model_run_to_study)
