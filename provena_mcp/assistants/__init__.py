"""The programs people put this server into (MCP clients): where each keeps its servers, and in which shape.

``table`` has one row for each; all that is written, shown or generated about an assistant comes from there.
"""
