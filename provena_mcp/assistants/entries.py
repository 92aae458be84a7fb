"""The JSON shapes in which assistants list a server: each function turns a server into one entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provena_mcp.assistants.servers import TITLE, LocalServer, Server
from provena_mcp.wire.items import JsonObject

Shape = Callable[[Server], JsonObject]

# A first start on a cold disk, with a virus scanner reading along, has been seen to take a dozen seconds.
START_SECONDS: Final = 60
# A call ends after PROVENA_CALL_SECONDS, 110 by default; the assistant should wait a moment longer.
CALL_SECONDS: Final = 120


def plain(server: Server) -> JsonObject:
    """``command``, ``args``, ``env``; or ``url``."""
    return _started(server) if isinstance(server, LocalServer) else {"url": server.url}


def typed(server: Server) -> JsonObject:
    """As plain, with ``type`` stdio or http."""
    kind = "stdio" if isinstance(server, LocalServer) else "http"
    return {"type": kind, **plain(server)}


def streamable(kind: str) -> Shape:
    """As plain, with ``kind`` as the ``type`` of a remote server."""

    def shape(server: Server) -> JsonObject:
        return plain(server) if isinstance(server, LocalServer) else {"type": kind, "url": server.url}

    return shape


def at(key: str) -> Shape:
    """As plain, with the address of a remote server under ``key``."""

    def shape(server: Server) -> JsonObject:
        return plain(server) if isinstance(server, LocalServer) else {key: server.url}

    return shape


def custom(server: Server) -> JsonObject:
    """As plain, with ``source`` custom (Zed)."""
    return {"source": "custom", **plain(server)} if isinstance(server, LocalServer) else plain(server)


def codex(server: Server) -> JsonObject:
    """As plain, with the seconds to wait for the start and for a call."""
    return plain(server) | {"startup_timeout_sec": START_SECONDS, "tool_timeout_sec": CALL_SECONDS}


def goose(server: Server) -> JsonObject:
    """An extension of Goose, which waits ``timeout`` seconds."""
    if isinstance(server, LocalServer):
        entry: JsonObject = {
            "type": "stdio",
            "name": TITLE,
            "cmd": server.command,
            "args": list(server.arguments),
            "envs": dict(server.environment),
        }
    else:
        entry = {"type": "streamable_http", "name": TITLE, "uri": server.url}
    return entry | {"timeout": CALL_SECONDS, "enabled": True}


def copilot(server: Server) -> JsonObject:
    """As plain, with ``type`` local or http, and all tools on."""
    kind = "local" if isinstance(server, LocalServer) else "http"
    return {"type": kind, **plain(server), "tools": ["*"]}


def opencode(server: Server) -> JsonObject:
    """The command as one array."""
    if isinstance(server, LocalServer):
        entry: JsonObject = {"type": "local", "command": [server.command, *server.arguments]}
        if server.environment:
            entry["environment"] = dict(server.environment)
    else:
        entry = {"type": "remote", "url": server.url}
    return entry | {"enabled": True}


def _started(server: LocalServer) -> JsonObject:
    entry: JsonObject = {"command": server.command, "args": list(server.arguments)}
    if server.environment:
        entry["env"] = dict(server.environment)
    return entry
