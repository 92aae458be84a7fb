"""The files by which registries, bundles and plugins offer this server, all from one table.

``python -m provena_mcp.assistants.formats`` writes them anew; ``--check`` only says which differ.
"""
