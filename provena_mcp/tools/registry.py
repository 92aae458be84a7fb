"""Tools that find and read registry items."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.queries.items import extras, lists, search
from provena_mcp.queries.items import fetch as items
from provena_mcp.queries.items.bare_numbers import hint_for_numbers
from provena_mcp.queries.items.counts import GroupBy
from provena_mcp.queries.items.filters import DatedBy, ItemFilters
from provena_mcp.rules.handles import hint_for_marks
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.parameters import Cursor
from provena_mcp.wire.items import ReleaseStatus
from provena_mcp.wire.subtypes import ItemSubtype

Owner = Annotated[str | None, Field(description="Username, Person id, or me")]
Organisation = Annotated[str | None, Field(description="none: without one")]
StudyId = Annotated[str | None, Field(description="Its runs and what they made; none: in no study")]
After = Annotated[str | None, Field(description="Ends after YYYY-MM-DD (data's period, run, registration)")]
Before = Annotated[str | None, Field(description="Begins before it")]
Modeller = Annotated[str | None, Field(description="Who ran it: Person id, name or me")]
Box = Annotated[list[float] | None, Field(description="west, south, east, north")]
Licence = Annotated[str | None, Field(description="e.g. CC BY 4.0")]
Annotation = Annotated[str | None, Field(description="key or key=value")]


@tool(title="Search items", toolset="registry")
async def search_items(
    ctx: Context[Application],
    query: Annotated[str, Field(description="Words of name or topic")],
    subtype: ItemSubtype | None = None,
    owner: Owner = None,
    organisation_id: Organisation = None,
    study_id: StudyId = None,
    after: After = None,
    before: Before = None,
    keyword: str | None = None,
    bbox: Box = None,
    licence: Licence = None,
    release_status: ReleaseStatus | None = None,
    annotation: Annotation = None,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
    cursor: Cursor = None,
) -> Reply[search.SearchItemsResult]:
    """Find items by words."""
    app = ctx.request_context.lifespan_context
    filters = ItemFilters(
        owner=owner,
        organisation_id=organisation_id,
        study_id=study_id,
        after=after,
        before=before,
        keyword=keyword,
        bbox=bbox,
        licence=licence,
        release_status=release_status,
        annotation=annotation,
    )
    question = search.SearchQuestion(query, subtype, filters, limit, cursor)
    found = await search.search_items(app.reader(), question, app.max_result_tokens)
    return Reply(found.model_copy(update={"note": app.why_empty() or found.note}))


@tool(title="Fetch items", toolset="registry")
async def fetch_items(
    ctx: Context[Application],
    ids: Annotated[list[str], Field(description="Up to 50 handles")],
    detail: Annotated[items.Detail, Field(description="full: raw records")] = "summary",
    include: list[extras.Part] | None = None,
) -> Reply[items.FetchItemsResult]:
    """Read items by id."""
    app = ctx.request_context.lifespan_context
    reader = app.reader()
    beside = extras.reading(reader, app.depth_cap, frozenset(include)) if include else None
    fetched = await items.fetch_items(reader, ids, detail, app.max_result_tokens, beside)
    hint = await hint_for_numbers(reader, fetched.not_found) or hint_for_marks(fetched.not_found)
    return Reply(fetched.model_copy(update={"hint": hint}) if hint else fetched)


@tool(title="List items", toolset="registry")
async def list_items(
    ctx: Context[Application],
    subtype: ItemSubtype | None = None,
    owner: Owner = None,
    organisation_id: Organisation = None,
    study_id: StudyId = None,
    after: After = None,
    before: Before = None,
    keyword: str | None = None,
    bbox: Box = None,
    licence: Licence = None,
    release_status: ReleaseStatus | None = None,
    annotation: Annotation = None,
    modeller: Modeller = None,
    model: Annotated[str | None, Field(description="Runs of it, any version")] = None,
    model_version: Annotated[str | None, Field(description="As runs state it; none: not stated")] = None,
    workflow_template: Annotated[str | None, Field(description="Runs by it, any version")] = None,
    used: Annotated[str | None, Field(description="Runs that used this dataset")] = None,
    made: Annotated[str | None, Field(description="Runs that made this dataset")] = None,
    dated_by: Annotated[DatedBy, Field(description="Time that after and before compare")] = "period",
    group_by: Annotated[GroupBy | None, Field(description="Count in groups; list nothing")] = None,
    sort_by: lists.SortBy = "updated",
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
    cursor: Cursor = None,
) -> Reply[lists.ListItemsResult]:
    """List items page by page, or count them."""
    app = ctx.request_context.lifespan_context
    filters = ItemFilters(
        owner=owner,
        organisation_id=organisation_id,
        study_id=study_id,
        after=after,
        before=before,
        keyword=keyword,
        bbox=bbox,
        licence=licence,
        release_status=release_status,
        annotation=annotation,
        modeller=modeller,
        model=model,
        model_version=model_version,
        workflow_template=workflow_template,
        used=used,
        made=made,
        dated_by=dated_by,
    )
    question = lists.ListQuestion(subtype, filters, sort_by, limit, cursor, group_by)
    listed = await lists.list_items(app.reader(), question, app.max_result_tokens)
    return Reply(listed.model_copy(update={"note": app.why_empty() or listed.note}))


TOOLS = (search_items, fetch_items, list_items)
