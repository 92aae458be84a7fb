"""Tools that answer what a lineage alone does not: how, what if, what differs, can it be repeated."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries.answers.audit import audit
from provena_mcp.queries.answers.audit_answer import AuditReproducibilityResult
from provena_mcp.queries.answers.changes import ChangesQuestion
from provena_mcp.queries.answers.changes import what_changed as find_changes
from provena_mcp.queries.answers.changes_result import WhatChangedResult
from provena_mcp.queries.answers.comparison import compare_runs
from provena_mcp.queries.answers.comparison_result import CompareModelRunsResult, Scope
from provena_mcp.queries.answers.impact import ImpactQuestion
from provena_mcp.queries.answers.impact import analyse_impact as find_impact
from provena_mcp.queries.answers.impact_result import AnalyseImpactResult
from provena_mcp.queries.answers.paths import FindLineagePathResult, find_path
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.parameters import Cursor, Depth, ItemId


@tool(title="How two items are related", toolset="answers")
async def find_lineage_path(
    ctx: Context[Application], from_id: ItemId, to_id: ItemId, max_hops: Depth = 20
) -> Reply[FindLineagePathResult]:
    """Tell how two items are related."""
    app = ctx.request_context.lifespan_context
    return Reply(
        await find_path(app.reader(), app.depth_cap, from_id, to_id, max_hops, app.max_result_tokens)
    )


@tool(title="What is touched if this is wrong", toolset="answers")
async def analyse_impact(
    ctx: Context[Application],
    item_id: ItemId,
    depth: Depth = 20,
    contacts: Annotated[bool, Field(description="E-mail addresses of people")] = False,
    all_versions: Annotated[bool, Field(description="Start from every version of it")] = False,
) -> Reply[AnalyseImpactResult]:
    """Say what and who is touched if an item is wrong."""
    app = ctx.request_context.lifespan_context
    question = ImpactQuestion(item_id, depth, contacts=contacts, all_versions=all_versions)
    return Reply(await find_impact(app.reader(), app.depth_cap, question, app.max_result_tokens))


@tool(title="Compare model runs", toolset="answers")
async def compare_model_runs(
    ctx: Context[Application],
    run_ids: Annotated[list[str], Field(description="2 to 5 handles")],
    scope: Annotated[Scope, Field(description="lineage: all upstream")] = "record",
) -> Reply[CompareModelRunsResult]:
    """Say where model runs differ."""
    app = ctx.request_context.lifespan_context
    return Reply(await compare_runs(app.reader(), app.depth_cap, run_ids, scope, app.max_result_tokens))


@tool(title="Audit reproducibility", toolset="answers")
async def audit_reproducibility(
    ctx: Context[Application], item_id: ItemId
) -> Reply[AuditReproducibilityResult]:
    """Say whether a run or study can be repeated, and is still current."""
    app = ctx.request_context.lifespan_context
    return Reply(await audit(app.reader(), app.depth_cap, item_id, app.now, app.max_result_tokens))


@tool(title="What changed for my results", toolset="answers")
async def what_changed(
    ctx: Context[Application],
    since: Annotated[str, Field(description="YYYY-MM-DD or ISO time")],
    of: Annotated[list[str] | None, Field(description="Handles; else all of yours")] = None,
    cursor: Cursor = None,
) -> Reply[WhatChangedResult]:
    """Say what has changed that matters to results."""
    app = ctx.request_context.lifespan_context
    question = ChangesQuestion(since, tuple(of or ()), cursor)
    return Reply(
        await find_changes(app.reader(), app.depth_cap, question, app.noticed_gone, app.max_result_tokens)
    )


TOOLS = (find_lineage_path, analyse_impact, compare_model_runs, audit_reproducibility, what_changed)
