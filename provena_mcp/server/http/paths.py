"""The addresses that the server answers at, below its own."""

from __future__ import annotations

from typing import Final

MCP_PATH: Final = "/mcp"
METADATA_PATH: Final = "/.well-known/oauth-protected-resource"
CARD_PATH: Final = f"{MCP_PATH}/server-card"
CATALOGUE_PATH: Final = "/.well-known/ai-catalog.json"
DOWNLOAD_PATH: Final = "/documents/{ticket}"
HEALTH_PATH: Final = "/health"
READY_PATH: Final = "/ready"
PROBES: Final = frozenset({HEALTH_PATH, READY_PATH})
"""What load balancers ask: answered however busy the server is."""
