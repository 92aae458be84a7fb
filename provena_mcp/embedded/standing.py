"""The state of a store: what it holds, and whether jobs wait. It imports little, so that it loads fast."""

from __future__ import annotations

import sqlite3
from typing import Final

# The Person of the local user: made by the embedded Provena itself, so never counted as content.
LOCAL_PERSON_ID: Final = "local/1000000"


def count_items(connection: sqlite3.Connection) -> int:
    """How many items there are, without the local user's own Person."""
    return int(
        connection.execute("SELECT count(*) FROM item WHERE id <> ?", (LOCAL_PERSON_ID,)).fetchone()[0]
    )


def is_claimable(connection: sqlite3.Connection, now: float) -> bool:
    """Whether a job waits, or is held by a worker whose lease has ended."""
    return (
        connection.execute("SELECT 1 FROM job WHERE lease_until <= ? LIMIT 1", (now,)).fetchone() is not None
    )
