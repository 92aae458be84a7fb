"""The state of a store: what it holds, and whether jobs wait. It imports little, so that it loads fast."""

from __future__ import annotations

import sqlite3
from typing import Final

# The Person of the local user: made by the embedded Provena itself, so never counted as content.
LOCAL_PERSON_ID: Final = "local/1000000"

# Of a job whose row is damaged; spelt as in its index.
STRANDED: Final = "lease_until IS NULL AND status NOT IN ('SUCCEEDED', 'FAILED')"
# Seconds; what is held for longer is so by no worker. Texts are longer: SQLite sorts them behind all numbers.
LONGEST_LEASE: Final = 3_600.0

# Fixed phrases; every value is a parameter.
FIND_STRANDED: Final = " ".join(
    (
        "SELECT key FROM job WHERE",
        STRANDED,
        "UNION ALL SELECT key FROM job WHERE lease_until > :now + :longest",
    )
)
_FIND_CLAIMABLE: Final = " ".join(
    ("SELECT key FROM job WHERE lease_until <= :now UNION ALL", FIND_STRANDED, "LIMIT 1")
)


def count_items(connection: sqlite3.Connection) -> int:
    """How many items there are, without the local user's own Person."""
    return int(
        connection.execute("SELECT count(*) FROM item WHERE id <> ?", (LOCAL_PERSON_ID,)).fetchone()[0]
    )


def is_claimable(connection: sqlite3.Connection, now: float) -> bool:
    """Whether a job waits, is held by a worker whose lease has ended, or cannot be held by any."""
    return connection.execute(_FIND_CLAIMABLE, at(now)).fetchone() is not None


def at(now: float) -> dict[str, float]:
    """The parameters with which jobs are looked for at ``now``."""
    return {"now": now, "longest": LONGEST_LEASE}
