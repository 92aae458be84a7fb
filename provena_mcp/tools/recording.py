"""Tools that know files again by their content, and bring in what was recorded of runs."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from mcp.server.mcpserver import Context
from pydantic import Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.commands import draft_model_runs as drafts
from provena_mcp.commands.drafts.results import DraftModelRunsResult
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.recording import check_inputs as inputs
from provena_mcp.queries.recording import identify_file as files
from provena_mcp.queries.recording.documents import captured_document, documents_in, given_document
from provena_mcp.tools.call_context import write_context
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.wire.items import JsonObject

_Captures = Annotated[str | list[str] | None, Field(description="Names of captures (stdio), or last")]
_Crates = Annotated[
    str | JsonObject | list[JsonValue] | None,
    Field(description="RO-Crate, OpenLineage or PROV-JSON: text, zip in base64, or path (stdio)"),
]


@tool(title="Identify a file", toolset="recording")
async def identify_file(
    ctx: Context[Application], file: Annotated[str, Field(description="Path (stdio), or SHA-256")]
) -> Reply[files.IdentifyFileResult]:
    """Say what a file is."""
    app = ctx.request_context.lifespan_context
    return Reply(await files.identify_file(app.reader(), app.recordings, file))


@tool(title="Check inputs", toolset="recording")
async def check_inputs(
    ctx: Context[Application],
    files: Annotated[list[str] | None, Field(description="Paths (stdio), or SHA-256s")] = None,
    capture: Annotated[str | None, Field(description="Name of a capture (stdio): its inputs")] = None,
) -> Reply[inputs.CheckInputsResult]:
    """Say whether inputs are fit to be used."""
    app = ctx.request_context.lifespan_context
    checked = await inputs.check_inputs(app.reader(), app.recordings, files, capture)
    return Reply(inputs.shortened(checked))


@tool(title="Draft model runs", toolset="recording")
async def draft_model_runs(
    ctx: Context[Application],
    capture: _Captures = None,
    crate: _Crates = None,
    answers: Annotated[JsonObject | None, Field(description="To its questions")] = None,
    steps: Annotated[bool, Field(description="Each step of a workflow instead of the whole")] = False,
) -> Reply[DraftModelRunsResult]:
    """Draft registrations of recorded runs."""
    app = ctx.request_context.lifespan_context
    captures = [capture] if isinstance(capture, str) else capture or []
    documents = [
        *[await to_thread.run_sync(captured_document, app.recordings, name) for name in captures],
        *[await to_thread.run_sync(given_document, app.recordings, given) for given in documents_in(crate)],
    ]
    if not documents:
        raise ArgumentError(
            "Nothing is given to draft from.",
            parameter="capture",
            advice="Give a capture's name, last, or a crate.",
        )
    return Reply(await drafts.draft_model_runs(write_context(ctx), documents, answers or {}, steps=steps))


TOOLS = (identify_file, check_inputs, draft_model_runs)
