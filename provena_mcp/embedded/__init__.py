"""The embedded Provena: the services' HTTP over one SQLite file."""

from provena_mcp.embedded.provena import EmbeddedProvena

__all__ = ["EmbeddedProvena"]
