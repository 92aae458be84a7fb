"""``provena-mcp serve``: the MCP server on stdin and stdout, or over HTTP."""

from __future__ import annotations

import os

from provena_mcp.cli.start import starting


def serve_stdio(*, own_process: bool, sample: bool) -> None:
    """Serve over stdio until the host closes stdin.

    Args:
        own_process: Whether the process is this program's, as ``starting`` takes it.
        sample: Whether the shipped sample world answers, from a store of its own.

    Raises:
        SettingsError: The settings are incomplete or malformed.
        StoreError: The embedded store cannot be opened.
    """
    started_by = os.getppid()
    with starting(own_process=own_process):
        from provena_mcp.server.build import stdio_server
        from provena_mcp.settings import read_settings

        server = stdio_server(read_settings(), sample=sample)
        server.started_by = started_by
    server.run("stdio")


def serve_http(*, own_process: bool, sample: bool, host: str, port: int) -> None:
    """Serve over streamable HTTP until told to stop.

    Args:
        own_process: Whether the process is this program's, as ``starting`` takes it.
        sample: Whether the shipped sample world answers, from a store of its own.
        host: The address to listen at.
        port: The port to listen at.

    Raises:
        SettingsError: The settings are incomplete, malformed, or would let strangers act as others.
        StoreError: A store cannot be opened.
    """
    with starting(own_process=own_process):
        from provena_mcp.server.http.app import run_http
        from provena_mcp.settings import read_settings

        settings = read_settings()
    run_http(settings, sample=sample, host=host, port=port)
