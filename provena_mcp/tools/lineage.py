"""The six lineage tools: one signature, six questions."""

from __future__ import annotations

from mcp.server.mcpserver import Context

from provena_mcp.application import Application
from provena_mcp.errors import NotFoundError
from provena_mcp.lineage.pages import PageRequest
from provena_mcp.lineage.result import LineageResult
from provena_mcp.queries.lineage.lineage_page import LineageQuestion, answer_lineage
from provena_mcp.tools.definition import Handler, Reply, ToolDefinition
from provena_mcp.tools.document_links import lineage_link
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
        question = LineageQuestion(query, starting_id, depth, page)
        try:
            result = await answer_lineage(app.reader(), app.depth_cap, app.recent_lineage, question)
        except NotFoundError as error:
            error.advice = app.why_empty() or error.advice
            raise
        return Reply(result, (lineage_link(result),))

    return ask


def _define(name: str, title: str, query: LineageQuery, usual_depth: int) -> ToolDefinition:
    handler = _asking(query, usual_depth)
    return ToolDefinition(name, title, "lineage", "reads", lambda: handler)


TOOLS = (
    _define("explore_upstream", "What led to this", "upstream", 3),
    _define("explore_downstream", "What came of this", "downstream", 3),
    _define("get_contributing_datasets", "Datasets that fed this", "contributing_datasets", 10),
    _define("get_effected_datasets", "Datasets affected by this", "effected_datasets", 10),
    _define("get_contributing_agents", "People and organisations behind this", "contributing_agents", 10),
    _define("get_effected_agents", "People and organisations affected by this", "effected_agents", 10),
)
