"""New handles: ``local/1000001`` and so on."""

from __future__ import annotations

import sqlite3
from typing import Final

from provena_mcp.embedded import items

_PREFIX: Final = "local"


def mint(connection: sqlite3.Connection) -> str:
    """A handle that was never given before and that no loaded item has."""
    while True:
        row = connection.execute("UPDATE minted SET last = last + 1 RETURNING last").fetchone()
        handle = f"{_PREFIX}/{row[0]}"
        if not items.exists(connection, handle):
            return handle
