"""Documents that can be fetched with a secret token until it expires."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

LIFETIME_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download."""

    name: str
    content: bytes


def keep(connection: sqlite3.Connection, token: str, document: Download, now: int) -> None:
    """Keep a document for an hour from now, and let go of those that have expired."""
    connection.execute("DELETE FROM document WHERE expires <= ?", (now,))
    connection.execute(
        "INSERT INTO document (token, name, expires, content) VALUES (?, ?, ?, ?)",
        (token, document.name, now + LIFETIME_SECONDS, document.content),
    )


def fetch(connection: sqlite3.Connection, token: str, now: int) -> Download | None:
    """The document of this token, unless it has expired."""
    row = connection.execute(
        "SELECT name, content FROM document WHERE token = ? AND expires > ?", (token, now)
    ).fetchone()
    return None if row is None else Download(*row)
