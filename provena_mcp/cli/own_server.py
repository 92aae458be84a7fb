"""The server that a command asks in its own process: of one person, who can log in at this terminal."""

from __future__ import annotations

from provena_mcp.client import token_provider_from
from provena_mcp.server.build import build_server
from provena_mcp.server.protocol import ProvenaServer
from provena_mcp.settings import Settings


def own_server(settings: Settings, *, sample: bool) -> ProvenaServer:
    """The server for ``settings`` with the login that is kept; where there is none, calls say so at once.

    An assistant's server would start a login and wait for it; here 'provena-mcp login' is one command away.

    Raises:
        SettingsError: The settings contradict each other.
        StoreError: The embedded store cannot be opened.
    """
    is_deployment = not sample and settings.endpoints() is not None
    tokens = token_provider_from(settings, personal="stored") if is_deployment else None
    return build_server(settings, sample=sample, tokens=tokens)
