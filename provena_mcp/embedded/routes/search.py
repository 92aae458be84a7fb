"""The search service (provena-http 7.7)."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.http import AuthorisedRequest, access_checks, guarded, health, read_query, status_of
from provena_mcp.embedded.search import search
from provena_mcp.wire.subtypes import ServiceSubtype

_DEFAULT_LIMIT: Final = 10
_MOST: Final = 50


class _Search(BaseModel):
    query: str
    subtype_filter: ServiceSubtype | None = None
    record_limit: int = _DEFAULT_LIMIT


def routes() -> list[Route]:
    """Everything below the search service's base URL."""
    return [health(), *access_checks(), guarded("/search/entity-registry", _search, "read")]


async def _search(call: AuthorisedRequest) -> Response:
    asked = read_query(call.request, _Search)
    # 0 counts as absent, and more than the most is capped without a word.
    limit = min(max(asked.record_limit, 0) or _DEFAULT_LIMIT, _MOST)
    hits = await call.store.reading(search, asked.query, asked.subtype_filter, limit)
    return JSONResponse(
        {
            "status": status_of(f"Returned {len(hits)} results with no issues."),
            "results": [{"id": hit.id, "score": hit.score} for hit in hits],
            "warnings": None,
        }
    )
