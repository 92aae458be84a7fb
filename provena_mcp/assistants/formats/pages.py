"""What people read about assistants: the README's table, and a page with a section for each."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.editors.syntaxes import editor_of
from provena_mcp.assistants.formats.product import FROM_INDEX, REGISTRY_NAME
from provena_mcp.assistants.links import LINKS
from provena_mcp.assistants.machine import Machine, System
from provena_mcp.assistants.servers import LocalServer, RemoteServer, Server
from provena_mcp.assistants.table import ASSISTANTS
from provena_mcp.errors import OperatorError

START: Final = "<!-- clients:start -->"
END: Final = "<!-- clients:end -->"
PAGE: Final = "docs/clients.md"
# In the README; all are on the page.
_FIRST: Final = 8
_SYSTEMS: Final[dict[System, str]] = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
_COMMAND: Final = LocalServer("/path/to/provena-mcp")
_ADDRESS: Final = RemoteServer("https://mcp.example.org/mcp")


def readme_section() -> str:
    """What stands between the README's markers."""
    rows = "\n".join(
        f"| {one.title} | `provena-mcp install --client {one.name}` |" for one in ASSISTANTS[:_FIRST]
    )
    more = ", ".join(one.title for one in ASSISTANTS[_FIRST:])
    buttons = " · ".join(
        f"[{one.title}]({LINKS[one.name](FROM_INDEX)})" for one in ASSISTANTS if one.name in LINKS
    )
    return f"""\
| assistant | in one step |
|---|---|
{rows}
| {more} | [by name]({PAGE}) |

One click, for those with [uv](https://docs.astral.sh/uv/) and once the package is published: {buttons}
<!-- mcp-name: {REGISTRY_NAME} -->
"""


def with_section(readme: str) -> str:
    """The README with the section between its markers.

    Raises:
        OperatorError: It has no markers.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise OperatorError(
            f"The README has no {START} and {END}.", advice="Put them where the table is to be."
        )
    return f"{before}{START}\n{readme_section()}{END}{after}"


def clients_page() -> str:
    """The page with a section for each assistant."""
    sections = "\n".join(_section(one) for one in ASSISTANTS)
    return f"{_text('clients.md')}{sections}\n{_text('plugins.md')}"


def _text(name: str) -> str:
    return files("provena_mcp.assistants.formats").joinpath(name).read_text("utf-8")


def _section(assistant: Assistant) -> str:
    parts = [f"## {assistant.title}\n"]
    if assistant.local and assistant.has_file:
        parts.append(f"```sh\nprovena-mcp install --client {assistant.name}\n```\n")
    parts.append(_places(assistant))
    if assistant.local:
        parts.append(_snippet(assistant, _COMMAND))
    if assistant.remote and assistant.has_file:
        parts.append(f"A server at an address: `{_entry(assistant, _ADDRESS)}`\n")
    if assistant.name in LINKS:
        parts.append(f"[Add it with one click]({LINKS[assistant.name](FROM_INDEX)})\n")
    if assistant.command:
        parts.append(f"Where `{assistant.command.program}` is on the `PATH`, its own command does it.\n")
    if assistant.remark:
        parts.append(f"{assistant.remark}\n")
    parts.append(f"Tried: {assistant.tried}.\n" if assistant.tried else "The program was not tried.\n")
    if not assistant.sure:
        parts.append("Known from one source only.\n")
    return "\n".join(parts)


def _places(assistant: Assistant) -> str:
    lines = [f"By hand: {assistant.by_hand}."]
    if assistant.has_file:
        found = {name: _place(assistant, system) for system, name in _SYSTEMS.items()}
        same = len(set(found.values())) == 1
        told = (
            f"`{found['Linux']}`" if same else ", ".join(f"{name} `{path}`" for name, path in found.items())
        )
        lines.append(f"Its file: {told}.")
    if assistant.file.project:
        lines.append(f"For a project (`--project`): `{assistant.file.project.removeprefix('{project}/')}`.")
    return "  \n".join(lines) + "\n"


def _place(assistant: Assistant, system: System) -> str:
    home = Path("/home-of-nobody")
    machine = Machine(system, home, {}, home / "project", lambda _: None)
    path = assistant.file.place(machine)
    shown = f"~/{path.relative_to(home).as_posix()}" if path else ""
    return shown.replace("~/AppData/Roaming", "%APPDATA%")


def _snippet(assistant: Assistant, server: Server) -> str:
    file = assistant.file
    text = editor_of(file.syntax).put("", file.at(), file.shape(server))
    return f"```{file.syntax}\n{text}```\n"


def _entry(assistant: Assistant, server: Server) -> str:
    shape = assistant.file.shape(server)
    return ", ".join(f"{name}: {value}" for name, value in shape.items() if isinstance(value, str))
