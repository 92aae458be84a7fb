"""The MCP server: built from settings, served over stdio or HTTP."""

from provena_mcp.server.build import build_server
from provena_mcp.server.serving import stdio_server

__all__ = ["build_server", "stdio_server"]
