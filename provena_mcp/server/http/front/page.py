"""The page at the server's address: one file, in which nothing is loaded and nothing of Provena stands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from provena_mcp import __version__
from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.editors.syntaxes import editor_of
from provena_mcp.assistants.servers import RemoteServer
from provena_mcp.assistants.table import ASSISTANTS
from provena_mcp.rules.content_policy import inline_policy
from provena_mcp.server.http.front.self_description import SelfDescription
from provena_mcp.server.http.paths import CARD_PATH
from provena_mcp.server.identity import DESCRIPTION, ICON, TITLE, WEBSITE
from provena_mcp.tools.definition import Effect

_EFFECTS: Final[dict[Effect, str]] = {
    "reads": "reads",
    "writes": "writes, asks first",
    "destroys": "changes or deletes, asks first",
}


@dataclass(frozen=True, slots=True)
class FrontPage:
    """A page, and what its browser may do with it."""

    html: str
    policy: str


def front_page(server: SelfDescription) -> FrontPage:
    """What a person sees who opens the server's address in a browser."""
    style, script = _asset("page.css"), _asset("page.js")
    text = Template(_asset("page.html")).substitute(
        title=escape(TITLE),
        description=escape(DESCRIPTION),
        icon=escape(ICON.src),
        style=style,
        script=script,
        url=escape(server.url),
        answers=escape(server.answers),
        login=_login(server.login),
        version=escape(__version__),
        assistants="\n".join(_assistant(one, server.url) for one in ASSISTANTS if one.remote),
        tools="\n".join(
            f"<tr><td><code>{escape(tool.name)}</code></td><td>{escape(tool.title)}</td>"
            f"<td>{escape(_EFFECTS[tool.effect])}</td></tr>"
            for tool in server.tools
        ),
        count=len(server.tools),
        card=CARD_PATH,
        website=escape(WEBSITE),
    )
    return FrontPage(text, f"{inline_policy(style, script)}; img-src data:; frame-ancestors 'none'")


def _login(issuer: str | None) -> str:
    if issuer is None:
        return "none: it answers this machine only"
    return f"your account at <span class=place>{escape(issuer)}</span>; your assistant opens the page"


def _assistant(assistant: Assistant, url: str) -> str:
    server = RemoteServer(url)
    entry = assistant.file.shape(server)
    shown: list[str] = []
    if assistant.command:
        command = shlex.join((assistant.command.program, *assistant.command.adding(entry)))
        shown.append(_to_copy(f"{assistant.name}-command", "In a terminal:", command))
    if assistant.has_file or assistant.local:
        text = editor_of(assistant.file.syntax).put("", assistant.file.at(), entry)
        # Some are told by a command that starts a server, which this one needs not.
        where = "In its settings" if "COMMAND" in assistant.by_hand else assistant.by_hand
        shown.append(_to_copy(assistant.name, f"{where}:", text.rstrip("\n")))
    else:
        shown.append(_to_copy(assistant.name, f"{assistant.by_hand}:", url))
    remark = f"<p>{escape(assistant.remark)}</p>" if assistant.remark else ""
    return (
        f'<details name="assistant"><summary>{escape(assistant.title)}</summary>'
        f"<div>{''.join(shown)}{remark}</div></details>"
    )


def _to_copy(name: str, before: str, text: str) -> str:
    label = escape(f"Copy for {name}", quote=True)
    return (
        f"<p>{escape(before)}</p><div class=snippet>"
        f'<pre id="{escape(name)}" tabindex=0>{escape(text)}</pre>'
        f'<button type=button data-copies="{escape(name)}" aria-label="{label}">Copy</button></div>'
    )


def _asset(name: str) -> str:
    return files("provena_mcp.server.http.front").joinpath("assets", name).read_text("utf-8")
