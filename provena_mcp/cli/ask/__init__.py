"""``provena-mcp ask``: the reading tools for people at a terminal, and their JSON for pipes."""
