"""Tools that register many runs through a CSV file."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from mcp.server.mcpserver import Context
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.commands import convert_csv
from provena_mcp.queries.documents import csv_files
from provena_mcp.queries.documents.kinds import CSV
from provena_mcp.queries.documents.user_files import place_for
from provena_mcp.rules.csv.table import MAX_BYTES
from provena_mcp.tools.call_context import write_context
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.document_links import csv_link, ending_of, with_download
from provena_mcp.tools.parameters import SaveAs


@tool(title="CSV template", toolset="csv")
async def generate_csv_template(
    ctx: Context[Application], workflow_template_id: str, save_as: SaveAs = None
) -> Reply[csv_files.GenerateCsvTemplateResult]:
    """The CSV to fill in for a workflow template."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as, ending_of(CSV))
    made = await csv_files.generate_template(app.client, workflow_template_id, place, app.max_result_tokens)
    return Reply(await with_download(ctx, made, made.uri), (csv_link(made.uri, "template.csv"),))


@tool(title="Convert CSV", toolset="csv")
async def convert_model_runs(
    ctx: Context[Application], model_run_content: Annotated[str, Field(description="The CSV itself")]
) -> Reply[convert_csv.ConvertModelRunsResult]:
    """Check and convert CSV text."""
    app = ctx.request_context.lifespan_context
    return Reply(await convert_csv.convert_csv(write_context(ctx), model_run_content, app.max_result_tokens))


@tool(title="Convert CSV file", toolset="csv", local_only=True)
async def convert_model_runs_to_csv_with_file(
    ctx: Context[Application], file_path: str
) -> Reply[convert_csv.ConvertModelRunsResult]:
    """Check and convert a CSV file of this machine."""
    app = ctx.request_context.lifespan_context
    content = await to_thread.run_sync(app.input.read, file_path, MAX_BYTES)
    return Reply(await convert_csv.convert_csv(write_context(ctx), content, app.max_result_tokens))


@tool(title="CSV of a batch", toolset="csv")
async def regenerate_csv_from_model_run_batch(
    ctx: Context[Application], batch_id: str, save_as: SaveAs = None
) -> Reply[csv_files.RegenerateCsvResult]:
    """A batch's runs as a CSV."""
    app = ctx.request_context.lifespan_context
    place = place_for(app.output, save_as, ending_of(CSV))
    made = await csv_files.regenerate_batch(app.client, batch_id, place, app.max_result_tokens)
    return Reply(await with_download(ctx, made, made.uri), (csv_link(made.uri, "model-runs.csv"),))


TOOLS = (
    generate_csv_template,
    convert_model_runs,
    convert_model_runs_to_csv_with_file,
    regenerate_csv_from_model_run_batch,
)
