"""Hands out prov-api's settings: shown with secrets hidden, saved whole on request (contract 2.10)."""

from __future__ import annotations

from pydantic import Field

from provena_mcp.client import ProvenaClient
from provena_mcp.lineage.tokens import estimate_tokens
from provena_mcp.queries.documents.config_text import mask_config
from provena_mcp.queries.documents.user_files import Place
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.text import clean_json


class ConfigFile(Brief):
    """prov-api's settings."""

    message: str
    config: str | None = Field(default=None, description="KEY=VALUE lines, secrets hidden.")
    hidden: tuple[str, ...] = Field(description="Settings whose values are hidden here.")
    saved_to: str | None = None


async def generate_config(
    client: ProvenaClient, *, required_only: bool, place: Place | None, confirm: bool, max_tokens: int
) -> ConfigFile:
    """The settings; with ``confirm`` they are also saved at ``place``, secrets included.

    Raises:
        ForbiddenError: The caller is no administrator.
        FileRefusedError: They could not be saved.
    """
    text = await client.prov.config_text(required_only=required_only)
    masked = mask_config(text)
    shown = str(clean_json(masked.text))
    saved_to = place.write(text.encode()) if place and confirm else None
    return ConfigFile(
        message=_message(place, saved_to),
        config=shown if estimate_tokens(shown) <= max_tokens else None,
        hidden=masked.hidden,
        saved_to=saved_to,
    )


def _message(place: Place | None, saved_to: str | None) -> str:
    if saved_to:
        return "Saved with its secrets: keep the file to yourself. Here they are hidden."
    if place:
        return (
            "Nothing has been saved. The file would hold the secrets that are hidden here: when the user "
            "agrees, call again with confirm: true."
        )
    return "Secrets are hidden; save_as with confirm: true writes the whole file to this machine."
