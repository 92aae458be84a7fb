"""How much the times of a record tell: many state no more than days."""

from __future__ import annotations

from typing import Final

from provena_mcp.wire.items import ModelRunRecord

DAY: Final = 86_400
"""Seconds."""


def states_days(record: ModelRunRecord) -> bool:
    """Whether a record's times are those of whole days: a day long or several, or no time at all."""
    return (record.end_time - record.start_time) % DAY in (0, DAY - 1, DAY - 60)
