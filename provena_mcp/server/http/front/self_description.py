"""What this server may tell strangers: what it is, where it answers, what it offers."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from provena_mcp.server.http.paths import MCP_PATH
from provena_mcp.tools.definition import ToolDefinition


@dataclass(frozen=True)
class SelfDescription:
    """A server over HTTP.

    Attributes:
        url: Where clients reach ``/mcp``.
        answers: Which Provena answers, in words.
        login: Where callers log in; none where everybody on this machine may call.
        tools: Those that are on.
    """

    url: str
    answers: str
    login: str | None
    tools: tuple[ToolDefinition, ...]

    @property
    def base(self) -> str:
        """The address without ``/mcp``."""
        return self.url.removesuffix(MCP_PATH)

    @property
    def domain(self) -> str:
        """Whose server it is."""
        return urlsplit(self.url).hostname or "localhost"
