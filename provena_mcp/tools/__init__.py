"""One typed MCP tool per provenance operation."""
