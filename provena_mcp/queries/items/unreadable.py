"""Why an item could not be read, in the one or two words that fit beside its id."""

from __future__ import annotations

from provena_mcp.errors import AccessError, NotFoundError, ProvenaError, UpstreamError


def unreadable_because(error: ProvenaError) -> str:
    """One or two words for why an item could not be read."""
    if isinstance(error, NotFoundError):
        return "not in the registry"
    if isinstance(error, AccessError):
        return "no permission"
    return "service unavailable" if isinstance(error, UpstreamError) else "not readable"
