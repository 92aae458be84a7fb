"""data-api: its health and access checks."""

from __future__ import annotations

from starlette.routing import Route

from provena_mcp.embedded.services import access_checks, health


def routes() -> list[Route]:
    """Everything below the data store's base URL."""
    return [health(), *access_checks()]
