"""Pages of the site that are made from the code when it is built: tools, results, settings, the command line.

A hook of mkdocs: nothing of this is written down, so nothing of it can be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pydantic_core import PydanticUndefined
from typer.cli import get_docs_for_click
from typer.main import get_command

from provena_mcp.cli.app import app
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.registration import register
from provena_mcp.tools.tool_call import ProvenaTool
from provena_mcp.tools.toolsets import ALL_TOOLS

_EFFECTS: Final = {"reads": "reads", "writes": "adds to Provena", "destroys": "changes what is there"}


def tools_page() -> str:
    """Every tool by toolset: what it does, and its arguments."""
    lines = [
        "# Tools",
        "",
        "What an assistant is told of each tool, and what each takes. "
        "[Results](results.md) has what they answer; the schemas are files under `schemas/`.",
    ]
    for toolset in dict.fromkeys(definition.toolset for definition in ALL_TOOLS):
        definitions = tuple(each for each in ALL_TOOLS if each.toolset == toolset)
        lines += ["", f"## Toolset `{toolset}`"]
        for definition, tool in zip(definitions, register(definitions), strict=True):
            lines += _tool(definition, tool)
    return "\n".join(lines) + "\n"


def _tool(definition: ToolDefinition, tool: ProvenaTool) -> Iterator[str]:
    yield from ("", f"### {tool.name}", "", f"*{tool.title}; {_EFFECTS[definition.effect]}.*", "")
    yield tool.description or ""
    required = tool.parameters.get("required", ())
    properties = tool.parameters["properties"]
    if properties:
        yield from ("", "| argument | takes | |", "|---|---|---|")
    for name, schema in properties.items():
        needed = "" if name in required else _default(schema)
        yield f"| `{name}` | {_kind(schema)} | {_cell(schema.get('description', ''))}{needed} |"


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return f" *({default} unless given)*" if default is not None else " *(optional)*"


def results_page() -> str:
    """What each tool answers, field by field."""
    lines = [
        "# Results",
        "",
        "What tools answer, field by field: indented names are fields of the object above them, `[]` stands "
        "for a list. A field that says nothing is left out of an answer.",
    ]
    for tool in register(ALL_TOOLS):
        if tool.output_schema is not None:
            lines += ["", f"## {tool.name}", "", "| field | is | |", "|---|---|---|"]
            lines += _fields(tool.output_schema, "")
    return "\n".join(lines) + "\n"


def _fields(schema: dict[str, Any], below: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        path = f"{below}{name}"
        yield f"| `{path}` | {_kind(field)} | {_cell(field.get('description', ''))} |"
        if len(below.split(".")) < 3:
            for branch, mark in _objects(field, path):
                yield from _fields(branch, f"{mark}.")


def _objects(schema: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str]]:
    if "properties" in schema:
        yield schema, path
    if isinstance(schema.get("items"), dict):
        yield from _objects(schema["items"], f"{path}[]")


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value is not None)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        kinds = [_kind(branch) for branch in schema["anyOf"] if branch.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"list of {_kind(items)}" if items else "list"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else kind


def settings_page() -> str:
    """Every setting by its environment variable."""
    lines = [
        "# Settings",
        "",
        "Environment variables, or lines of a file `.env` in the folder where the server starts. Flags of "
        "[commands](command-line.md) win over them.",
        "",
        "| variable | unless set | |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "", PydanticUndefined) else f"`{field.default}`"
        lines.append(f"| `PROVENA_{name.upper()}` | {default} | {_cell(field.description or '')} |")
    return "\n".join(lines) + "\n"


def command_line_page() -> str:
    """Every command, as the library of the command line documents them."""
    page = get_docs_for_click(obj=get_command(app), ctx=_context(), name="provena-mcp", title="Command line")
    # Marks of colour are for terminals.
    return re.sub(r"\[/?(?:dim|bold|cyan|green|yellow|red|italic)\b[^\]]*\]", "", page).rstrip() + "\n"


def _context() -> Any:
    command = get_command(app)
    return command.make_context("provena-mcp", [], resilient_parsing=True)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES: Final = {
    "reference/tools.md": tools_page,
    "reference/results.md": results_page,
    "reference/settings.md": settings_page,
    "reference/command-line.md": command_line_page,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those that are files."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Links to files of the repository that are no pages become their names."""
    outside = "../" * (page.file.src_uri.count("/") + 1)
    return re.sub(rf"\[([^\]]+)\]\({re.escape(outside)}([^)]+)\)", _name, markdown)


def _name(link: re.Match[str]) -> str:
    text, path = link[1], link[2]
    return text if path in text else f"{text} (`{path}`)"
