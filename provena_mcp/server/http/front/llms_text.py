"""``/llms.txt``: the server in words, for models that are sent to its address."""

from __future__ import annotations

from provena_mcp.server.http.front.self_description import SelfDescription
from provena_mcp.server.http.paths import CARD_PATH
from provena_mcp.server.identity import DESCRIPTION, TITLE, WEBSITE


def llms_text(server: SelfDescription) -> str:
    """What it is, how to connect, and the tools that are on."""
    login = (
        f"Log in at {server.login}; MCP clients find out how." if server.login else "It asks for no login."
    )
    tools = "\n".join(f"- {tool.name}: {tool.title} ({tool.effect})" for tool in server.tools)
    return f"""\
# {TITLE}, over MCP

> {DESCRIPTION}

This is a server of the Model Context Protocol, over streamable HTTP, at {server.url}. Its answers come
from {server.answers}. {login}
Nothing of what Provena holds is on this page or the others named here; only tools answer from it.

## Tools

{tools}

## More

- [Page for people]({server.base}/): how to connect each assistant
- [Server card]({server.base}{CARD_PATH}): the same for clients
- [Provena's documentation]({WEBSITE})
"""
