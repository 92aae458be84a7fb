"""The editor of each syntax, imported when first asked for."""

from __future__ import annotations

from provena_mcp.assistants.assistant import Syntax
from provena_mcp.assistants.editors.edits import Editor


def editor_of(syntax: Syntax) -> Editor:
    """What reads and changes files of this syntax."""
    match syntax:
        case "json":
            from provena_mcp.assistants.editors.json_editor import JsonEditor

            return JsonEditor()
        case "toml":
            from provena_mcp.assistants.editors.toml_editor import TomlEditor

            return TomlEditor()
        case "yaml":
            from provena_mcp.assistants.editors.yaml_editor import YamlEditor

            return YamlEditor()
