"""``provena-mcp changes``: what has changed since a day that matters to results, for people and for cron."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from provena_mcp.cli.ask.conversation import ToolQuestion
from provena_mcp.cli.ask.parts import headline, item, remark
from provena_mcp.queries.answers.changes_result import ChangeRow, WhatChangedResult

_KINDS: Final = {"new_version": "new version", "new_run": "new run"}


def changes_question(since: str, of: Sequence[str], cursor: str | None) -> ToolQuestion[WhatChangedResult]:
    """What has changed; its exit code tells whether anything has."""
    return ToolQuestion(
        "what_changed",
        {"since": since, "of": of, "cursor": cursor},
        WhatChangedResult.model_validate,
        changes,
        lambda result: bool(result.totals),
        ("of",),
    )


def changes(result: WhatChangedResult) -> RenderableType:
    """The changes, newest first: two lines each, since ids and names are to be read whole."""
    shown: list[RenderableType] = [headline(result.answer)]
    for change in result.changes:
        kind = _KINDS.get(change.kind, change.kind)
        shown.append(
            Text(f"{change.when[:10]}  {kind}  ").append_text(item(change.id, change.name, change.type))
        )
        if said := "; ".join(_beside(change)):
            shown.append(Padding(remark(said), (0, 0, 0, 12)))
    if result.incomplete_because:
        shown.append(remark(f"Not all: {result.incomplete_because}."))
    return Group(*shown)


def _beside(change: ChangeRow) -> Iterator[str]:
    if change.of:
        yield f"{'used' if change.kind == 'new_run' else 'of'} {change.of}"
    if change.concerns:
        yield f"concerns {change.concerns}"
    if change.by:
        yield f"by {change.by}"
    if change.reason:
        yield change.reason
