"""An MCP server for Provena, with a Provena built in."""

__version__ = "0.1.0"
