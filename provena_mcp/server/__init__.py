"""The MCP server: built from settings in ``build``, served over stdio or HTTP."""
