"""``provena-mcp serve``: the MCP server on stdin and stdout."""

from __future__ import annotations

from provena_mcp.errors import SettingsError


def serve_stdio(*, sample: bool) -> None:
    """Serve over stdio until the host closes stdin.

    Args:
        sample: Whether the shipped sample world answers, from a store of its own.

    Raises:
        SettingsError: The settings are incomplete or malformed.
        StoreError: The embedded store cannot be opened.
    """
    from provena_mcp.server import run_stdio
    from provena_mcp.settings import read_settings

    run_stdio(read_settings(), sample=sample)


def refuse_http() -> None:
    """Say that this version does not serve HTTP.

    Raises:
        SettingsError: Always.
    """
    raise SettingsError(
        "This version serves over stdio only; --http is reserved for a later one.",
        advice="Run 'provena-mcp serve' from the MCP host; 'provena-mcp --help' shows how.",
    )
