"""Converts times between the ways people write them and Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from provena_mcp.errors import ArgumentError

if TYPE_CHECKING:
    from provena_mcp.wire.items import JsonObject

_TIME_FIELDS: Final = ("start_time", "end_time")


def moment_of(text: str, parameter: str) -> datetime:
    """The moment that a day (its beginning in UTC) or a time stands for.

    Raises:
        ArgumentError: It is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ArgumentError(
            f"{parameter} {text[:40]!r} is not a day.",
            parameter=parameter,
            advice="Write a day as YYYY-MM-DD, or a time as 2023-01-13T10:00:00+10:00.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_of_iso(text: str, parameter: str = "time") -> int:
    """Unix seconds of an ISO 8601 time that says its offset; fractions of a second are cut off.

    Raises:
        ArgumentError: Not ISO 8601, or no offset.
    """
    advice = "Write it like 2023-01-13T10:00:00+10:00, or give Unix seconds."
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ArgumentError(
            f"{parameter} {text[:40]!r} is not an ISO 8601 time.", parameter=parameter, advice=advice
        ) from None
    if moment.tzinfo is None:
        raise ArgumentError(
            f"{parameter} {text[:40]!r} does not say its offset from UTC.", parameter=parameter, advice=advice
        )
    return int(moment.timestamp())


def with_times_in_seconds(raw: JsonObject) -> JsonObject:
    """A record's JSON with ISO 8601 times turned into Unix seconds (for our own tools; provena-http 4.1).

    Numbers, also as text, are left alone. So is whatever is not a time: the schema check reports it.
    """
    converted = dict(raw)
    for field in _TIME_FIELDS:
        value = raw.get(field)
        if isinstance(value, str):
            try:
                converted[field] = seconds_of_iso(value)
            except ArgumentError:
                continue
    return converted


def iso_day(text: str | None) -> str | None:
    """The day of an ISO 8601 day or time, as it is written there; none for any other text."""
    try:
        return datetime.fromisoformat(text or "").date().isoformat()
    except ValueError:
        return None


def utc(seconds: int | float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC; none for zero or nonsense."""
    if not seconds or not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of_cell(text: str) -> int:
    """Unix seconds of a time in a CSV cell, as the services read it (provena-http 8.2).

    ``/`` may stand for ``-``; a missing offset is the server's zone, which is UTC in the recordings
    and here.

    Raises:
        ValueError: Not a time.
    """
    moment = datetime.fromisoformat(text.replace("/", "-"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def says_its_offset(text: str) -> bool:
    """Whether a time in a CSV cell leaves nothing to the server's zone."""
    return datetime.fromisoformat(text.replace("/", "-")).tzinfo is not None


def cell_of_seconds(seconds: int) -> str:
    """A time as a regenerated CSV shows it: ``2023-01-13 00:00:00+00:00``.

    Raises:
        ValueError: Beyond the year 9999.
    """
    try:
        return str(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from error
