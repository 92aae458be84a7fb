"""All that is generated, by its place in the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from provena_mcp.assistants.formats.bundle import MANIFEST, manifest
from provena_mcp.assistants.formats.pages import PAGE, clients_page, with_section
from provena_mcp.assistants.formats.plugins import FOLDER, plugin_files
from provena_mcp.assistants.formats.registry import server_json
from provena_mcp.wire.items import JsonObject

_SKILLS: Final = "provena_mcp/skills"


def generated_files(repository: Path) -> dict[str, str]:
    """Every generated file and its text; the README is taken from ``repository``, as are the skills.

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
        **_skills(repository),
        PAGE: clients_page(),
        "README.md": with_section((repository / "README.md").read_text("utf-8")),
    }


def _skills(repository: Path) -> dict[str, str]:
    """The skills as the package has them, for the plugin folder, which hosts copy elsewhere."""
    skills = repository / _SKILLS
    return {
        f"{FOLDER}/skills/{path.relative_to(skills).as_posix()}": path.read_text("utf-8")
        for path in sorted(skills.rglob("*.md"))
    }
