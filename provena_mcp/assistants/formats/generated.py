"""All that is generated, by its place in the repository."""

from __future__ import annotations

import json
from pathlib import Path

from provena_mcp.assistants.formats.bundle import MANIFEST, manifest
from provena_mcp.assistants.formats.pages import PAGE, clients_page, with_section
from provena_mcp.assistants.formats.plugins import FOLDER, plugin_files
from provena_mcp.assistants.formats.registry import server_json
from provena_mcp.skills.published import SKILLS, read_skill
from provena_mcp.wire.items import JsonObject


def generated_files(repository: Path) -> dict[str, str]:
    """Every generated file and its text; the README is that of ``repository`` with its section anew.

    Raises:
        OperatorError: The README has no markers.
    """
    documents: dict[str, JsonObject] = {
        "server.json": server_json(),
        MANIFEST: manifest(),
        **plugin_files(),
    }
    return {
        **{path: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for path, one in documents.items()},
        **_skills(),
        PAGE: clients_page(),
        "README.md": with_section((repository / "README.md").read_text("utf-8")),
    }


def _skills() -> dict[str, str]:
    """The skills, for the plugin folder, which hosts copy elsewhere."""
    return {
        f"{FOLDER}/skills/{skill.name}/{file.path}": file.content.decode()
        for skill in map(read_skill, SKILLS)
        for file in skill.files
    }
