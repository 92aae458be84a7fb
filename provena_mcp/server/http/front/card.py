"""The server card and the catalogue by which clients find a server (SEP-2127; experimental, may change)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcp_types.version import SUPPORTED_PROTOCOL_VERSIONS

from provena_mcp import __version__
from provena_mcp.server.http.front.self_description import SelfDescription
from provena_mcp.server.http.paths import CARD_PATH
from provena_mcp.server.identity import DESCRIPTION, ICON, NAME, TITLE, WEBSITE

if TYPE_CHECKING:
    from provena_mcp.wire.items import JsonObject

CARD_TYPE: Final = "application/mcp-server-card+json"
CATALOGUE_TYPE: Final = "application/ai-catalog+json"

_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json"
# A card takes no more.
_MOST_WORDS: Final = 100


def server_card(server: SelfDescription) -> JsonObject:
    """What a client needs to know before it connects."""
    icon: JsonObject = ICON.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {
        "$schema": _SCHEMA,
        "name": f"{_reversed(server.domain)}/{NAME}",
        "title": TITLE,
        "version": __version__,
        "description": DESCRIPTION[:_MOST_WORDS],
        "websiteUrl": WEBSITE,
        "icons": [icon],
        "remotes": [
            {
                "type": "streamable-http",
                "url": server.url,
                "supportedProtocolVersions": list(SUPPORTED_PROTOCOL_VERSIONS),
            }
        ],
    }


def catalogue(server: SelfDescription) -> JsonObject:
    """Where the card is, at the place where clients look on a domain."""
    return {
        "specVersion": "1.0",
        "entries": [
            {
                "identifier": f"urn:air:{server.domain}:mcp:{NAME}",
                "displayName": TITLE,
                "type": CARD_TYPE,
                "url": f"{server.base}{CARD_PATH}",
            }
        ],
    }


def _reversed(domain: str) -> str:
    """``mcp.example.org`` as ``org.example.mcp``; an address stays as it is, with what a name may hold."""
    parts = domain.split(".")
    is_name = not all(part.isdigit() for part in parts) and ":" not in domain
    return ".".join(reversed(parts)) if is_name else domain.replace(":", "-").strip("-")
