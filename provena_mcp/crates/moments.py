"""Times as documents of others write them, and what is doubtful about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """Unix seconds, and why they may be wrong."""

    seconds: int | None
    doubt: str | None = None


def moment_of(text: str | None, what: str) -> Moment:
    """When ``text`` says that ``what`` was; an ISO 8601 time without an offset is read as UTC and doubted."""
    if text is None:
        return Moment(None)
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            doubt = f"{what} {text[:40]!r} does not say its offset from UTC: it was read as UTC."
            return Moment(int(moment.replace(tzinfo=UTC).timestamp()), doubt)
        return Moment(int(moment.timestamp()))
    except (ValueError, OverflowError):
        return Moment(None, f"{what} {text[:40]!r} is not a time.")
