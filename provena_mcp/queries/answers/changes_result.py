"""What the answer to what has changed holds."""

from __future__ import annotations

from pydantic import Field

from provena_mcp.lineage.changes import ChangeKind, LineageChange
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.budgets import NAME_LENGTH, TEXT_LENGTH, WORD_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import utc


class ChangeRow(Brief):
    """Something that happened."""

    kind: ChangeKind = Field(
        description="corrected: a run; edited: another item; gone: deleted, or not for you any more."
    )
    when: str = Field(description="UTC; of what is gone when that was noticed.")
    id: str = Field(description="Of the item it happened to, or of the new one.")
    type: str
    name: str | None = None
    of: str | None = Field(default=None, description="What it is a version of; the dataset a new run used.")
    concerns: str | None = Field(default=None, description="The result built on it, unless it is that.")
    reason: str | None = None
    by: str | None = None


class WhatChangedResult(Brief):
    """What happened since to what results were built on."""

    answer: str
    since: str = Field(description="UTC.")
    results: int = Field(description="Items that were asked about.")
    foundations: int = Field(description="Items they were built on.")
    complete: bool
    incomplete_because: str | None = None
    totals: dict[str, int] = Field(description="All changes by kind, shown or not.")
    changes: tuple[ChangeRow, ...] = Field(description="Newest first.")
    cursor: str | None = Field(default=None, description="For older ones.")


def row_of(change: LineageChange) -> ChangeRow:
    """A change as it is shown."""
    return ChangeRow(
        kind=change.kind,
        when=utc(change.when) or "",
        id=change.item_id,
        type=change.subtype,
        name=clean(change.name or "", NAME_LENGTH) or None,
        of=change.of,
        concerns=change.concerns if change.concerns not in (change.item_id, change.of) else None,
        reason=clean(change.reason or "", TEXT_LENGTH) or None,
        by=clean(change.by or "", WORD_LENGTH) or None,
    )
