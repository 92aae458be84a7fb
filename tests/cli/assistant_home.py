"""Where Cursor keeps its servers in a home, and what is written of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def cursor(home: Path) -> Path:
    return home / ".cursor/mcp.json"


def entry(path: Path, group: str = "mcpServers") -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))[group]["provena"]


def command() -> str:
    """What is installed: the script beside this interpreter, or the interpreter itself."""
    script = Path(sys.executable).with_name("provena-mcp")
    return str(script) if script.is_file() else sys.executable
