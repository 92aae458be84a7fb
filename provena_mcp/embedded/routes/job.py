"""job-api: its health and access checks."""

from __future__ import annotations

from starlette.routing import Route

from provena_mcp.embedded.services import access_checks, health


def routes() -> list[Route]:
    """Everything below job-api's base URL."""
    return [health(), *access_checks("job-service")]
