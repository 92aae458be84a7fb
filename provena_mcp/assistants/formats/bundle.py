"""The MCP bundle: a manifest and the sources in one file, which a host runs with uv (manifest 0.4)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Final

from provena_mcp.assistants.formats.product import (
    AUTHOR,
    DOCUMENTATION,
    KEYWORDS,
    LICENSE,
    LONG,
    SHORT,
    VERSION,
    variable,
    words,
)
from provena_mcp.assistants.servers import NAME, TITLE
from provena_mcp.errors import FileRefusedError
from provena_mcp.tools.toolsets import select_tools
from provena_mcp.wire.items import JsonObject

MANIFEST: Final = "mcpb/manifest.json"
# What a person sets in the host's form; a login is made by 'provena-mcp login' and kept in the keyring.
_ASKED: Final[dict[str, JsonObject]] = {
    "domain": {"type": "string", "title": "Domain of your Provena", "default": ""},
    "realm": {"type": "string", "title": "Keycloak realm", "default": ""},
    "toolsets": {"type": "string", "title": "Toolsets", "default": "default"},
    "read_only": {"type": "boolean", "title": "Only read", "default": False},
}
_SOURCES: Final = ("pyproject.toml", "README.md", "LICENSE")
# The earliest time a zip knows: the same sources make the same bundle.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def manifest() -> JsonObject:
    """What an MCPB bundle says of itself: how it is started, its settings and its tools."""
    tools = select_tools("default", read_only=False, local=True)
    return {
        "manifest_version": "0.4",
        "name": NAME,
        "display_name": TITLE,
        "version": VERSION,
        "description": SHORT,
        "long_description": LONG,
        "author": {"name": AUTHOR},
        "documentation": DOCUMENTATION,
        "license": LICENSE,
        "keywords": list(KEYWORDS),
        "server": {
            "type": "uv",
            "entry_point": "provena_mcp/__main__.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "provena-mcp", "serve"],
                "env": {variable(one): f"${{user_config.{one}}}" for one in _ASKED},
            },
        },
        "tools": [{"name": tool.name, "description": tool.title} for tool in tools],
        "prompts_generated": True,
        "compatibility": {
            "platforms": ["darwin", "win32", "linux"],
            "runtimes": {"python": ">=3.11,<3.14"},
        },
        "user_config": {
            name: {**asked, "description": words(name), "required": False} for name, asked in _ASKED.items()
        },
    }


def write_bundle(repository: Path, target: Path) -> None:
    """Write the bundle of the sources in ``repository`` to ``target``, which ends in ``.mcpb``.

    Raises:
        FileRefusedError: It cannot be written, or ``repository`` has no sources.
    """
    package = repository / "provena_mcp"
    files = [
        path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts
    ]
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
            _add(bundle, "manifest.json", json.dumps(manifest(), indent=2, ensure_ascii=False).encode())
            for path in [*(repository / name for name in _SOURCES), *files]:
                _add(bundle, path.relative_to(repository).as_posix(), path.read_bytes())
    except OSError as error:
        raise FileRefusedError(
            f"No bundle was written to {str(target)!r}: {error.strerror}.",
            advice="Run it in a checkout of the sources, and name a file that can be written.",
        ) from error


def _add(bundle: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    bundle.writestr(entry, content)
