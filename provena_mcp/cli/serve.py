"""``provena-mcp serve``: the MCP server on stdin and stdout, or over HTTP."""

from __future__ import annotations


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


def serve_http(*, sample: bool, host: str, port: int) -> None:
    """Serve over streamable HTTP until told to stop.

    Args:
        sample: Whether the shipped sample world answers, from a store of its own.
        host: The address to listen at.
        port: The port to listen at.

    Raises:
        SettingsError: The settings are incomplete, malformed, or would let strangers act as others.
        StoreError: A store cannot be opened.
    """
    from provena_mcp.server.http import run_http
    from provena_mcp.settings import read_settings

    run_http(read_settings(), sample=sample, host=host, port=port)
