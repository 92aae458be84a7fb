"""The MCP server: built from settings, served over stdio or HTTP."""

from provena_mcp.server.build import build_server, stdio_server

__all__ = ["build_server", "stdio_server"]
