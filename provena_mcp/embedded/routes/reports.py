"""prov-api: having a report written, and delivering it (provena-http 2.2, 9.3)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded import documents
from provena_mcp.embedded.http import AuthorisedRequest, Services, guarded, read_body
from provena_mcp.embedded.jobs.rows import NewJob
from provena_mcp.rules.records.schema import Text, Whole
from provena_mcp.wire.subtypes import ServiceSubtype

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class _Report(BaseModel):
    id: Text
    item_subtype: ServiceSubtype
    depth: Annotated[Whole, Field(ge=1, le=3)]


def routes() -> list[Route]:
    """The routes of reports."""
    return [
        guarded("/explore/generate/report", _generate, "read", method="POST"),
        Route("/reports/{token}/{name}", _deliver, methods=["GET"]),
    ]


async def _generate(call: AuthorisedRequest) -> Response:
    asked = await read_body(call.request, _Report)
    session_id = call.services.new_id()
    await call.submit([NewJob(session_id, "GENERATE_REPORT", asked.model_dump())])
    return JSONResponse({"session_id": session_id})


async def _deliver(request: Request) -> Response:
    # The address is a permission in itself, so nobody is asked who they are.
    services: Services = request.app.state.services
    token: str = request.path_params["token"]
    now = int(services.clock())
    document = await services.store.reading(documents.fetch, token, now)
    if document is None:
        raise HTTPException(403, "Request has expired")
    disposition = f"attachment; filename={document.name}"
    return Response(document.content, media_type=_DOCX, headers={"Content-Disposition": disposition})
