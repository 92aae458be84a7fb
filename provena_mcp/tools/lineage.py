"""The six lineage tools: one signature, six questions."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp.types import ResourceLink
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.pages import PageRequest
from provena_mcp.lineage.result import LineageResult
from provena_mcp.queries.lineage.lineage_page import LineageQuestion, answer_lineage
from provena_mcp.tools.definition import Handler, Reply, ToolDefinition
from provena_mcp.tools.parameters import Cursor, Depth, ItemId, MaxTokens, ShowNames, Subtypes
from provena_mcp.wire.lineage import LineageQuery


def _asking(query: LineageQuery, usual_depth: int) -> Handler:
    async def ask(
        ctx: Context[Application],
        starting_id: ItemId,
        depth: Depth = usual_depth,
        subtypes: Subtypes = None,
        names: ShowNames = True,
        max_tokens: MaxTokens = None,
        cursor: Cursor = None,
    ) -> Reply[LineageResult]:
        app = ctx.request_context.lifespan_context
        page = PageRequest(max_tokens or app.max_result_tokens, frozenset(subtypes or ()), names, cursor)
        return await _answer(app, LineageQuestion(query, starting_id, depth, page))

    return ask


async def _who_contributed(
    ctx: Context[Application],
    starting_id: ItemId,
    depth: Depth = 10,
    subtypes: Subtypes = None,
    names: ShowNames = True,
    by_run: Annotated[bool, Field(description="Who did each run")] = False,
    max_tokens: MaxTokens = None,
    cursor: Cursor = None,
) -> Reply[LineageResult]:
    app = ctx.request_context.lifespan_context
    page = PageRequest(max_tokens or app.max_result_tokens, frozenset(subtypes or ()), names, cursor)
    return await _answer(app, LineageQuestion("contributing_agents", starting_id, depth, page, by_run))


async def _answer(app: Application, question: LineageQuestion) -> Reply[LineageResult]:
    try:
        result = await answer_lineage(app.reader(), app.depth_cap, app.recent_lineage, question)
    except NotFoundError as error:
        error.advice = app.why_empty() or error.advice
        raise
    graph = ResourceLink(
        uri=result.graph_uri,
        name=f"lineage of {result.start.id}",
        title="Whole lineage graph",
        mime_type="application/json",
    )
    return Reply(result, (graph,))


def _define(name: str, title: str, handler: Handler) -> ToolDefinition:
    return ToolDefinition(name, title, "lineage", "reads", lambda: handler)


TOOLS = (
    _define("explore_upstream", "What led to this", _asking("upstream", 3)),
    _define("explore_downstream", "What came of this", _asking("downstream", 3)),
    _define("get_contributing_datasets", "Datasets that fed this", _asking("contributing_datasets", 10)),
    _define("get_effected_datasets", "Datasets affected by this", _asking("effected_datasets", 10)),
    _define("get_contributing_agents", "People and organisations behind this", _who_contributed),
    _define(
        "get_effected_agents", "People and organisations affected by this", _asking("effected_agents", 10)
    ),
)
