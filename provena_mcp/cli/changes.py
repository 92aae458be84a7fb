"""``provena-mcp changes``: what has changed since a day that matters to results, for people and for cron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType

from provena_mcp.cli.ask.conversation import Question
from provena_mcp.cli.ask.parts import Cell, headline, item, remark, table
from provena_mcp.queries.answers.changes_result import ChangeRow, WhatChangedResult

_KINDS: Final = {"new_version": "new version", "new_run": "new run"}


def changes_question(since: str, of: Sequence[str], cursor: str | None) -> Question[WhatChangedResult]:
    """What has changed; its exit code tells whether anything has."""
    return Question(
        "what_changed",
        {"since": since, "of": of, "cursor": cursor},
        WhatChangedResult.model_validate,
        changes,
        lambda result: bool(result.totals),
        ("of",),
    )


def changes(result: WhatChangedResult) -> RenderableType:
    """The changes, newest first."""
    shown: list[RenderableType] = [headline(result.answer)]
    if result.changes:
        columns = ("when", "what", "item", "of", "concerns", "by", "why")
        shown.append(table(*columns, rows=map(_row, result.changes)))
    if result.incomplete_because:
        shown.append(remark(f"Not all: {result.incomplete_because}."))
    return Group(*shown)


def _row(change: ChangeRow) -> Sequence[Cell]:
    return (
        change.when,
        _KINDS.get(change.kind, change.kind),
        item(change.id, change.name, change.type),
        change.of or "",
        change.concerns or "",
        change.by or "",
        change.reason or "",
    )
