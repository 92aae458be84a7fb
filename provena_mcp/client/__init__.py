"""A typed asynchronous client of Provena's services, usable on its own.

async with ProvenaClient(endpoints, tokens=ReadyToken(secret)) as provena:
    graph = await provena.prov.explore("upstream", "10378.1/1900010", 3)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For type checkers only: ``parts`` says in its ``__all__`` what that is.
    from provena_mcp.client.parts import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """A part of the client, loaded when it is first asked for: a start needs next to nothing of it."""
    if name.startswith("_") and name != "__all__":
        raise AttributeError(name)
    found = globals()[name] = getattr(import_module("provena_mcp.client.parts"), name)
    return found
