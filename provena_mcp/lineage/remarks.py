"""What a lineage answer says beside its rows: which of equal names is which, and why there is nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from provena_mcp.lineage.makers import near_by_type
from provena_mcp.lineage.view import LineageView
from provena_mcp.wire.lineage import LineageQuery

_EMPTY: Final[Mapping[LineageQuery, str]] = {
    "upstream": "Nothing is recorded that led to {}",
    "downstream": "Nothing is recorded that came of {}",
    "contributing_datasets": "No dataset fed {}",
    "effected_datasets": "No dataset was made from {}",
    "contributing_agents": "Nobody is named behind {}",
    "effected_agents": "Nobody is named by what came of {}",
}


def same_names(names: Mapping[str, str | None], versions: Mapping[str, str]) -> dict[str, str]:
    """The versions, as far as they are known, of items that have the name of another one."""
    counts = Counter(name for name in names.values() if name)
    return {
        item: versions[item] for item, name in names.items() if name and counts[name] > 1 and item in versions
    }


def empty_note(view: LineageView, name: str | None) -> str | None:
    """One plain sentence or two where nothing was found; ``name`` is that of the start."""
    if view.answers if view.is_special else len(view.ids) > 1:
        return None
    kind = view.types[0].lower().replace("_", " ")
    called = f"'{name}' ({kind})" if name else f"{view.start} ({kind})"
    is_whole = view.lineage.incomplete_because is None
    within = "" if is_whole else f" within {view.depth} {'hop' if view.depth == 1 else 'hops'}"
    return f"{_EMPTY[view.query].format(called)}{within}.{_of_runs(view, is_whole=is_whole)}"


def _of_runs(view: LineageView, *, is_whole: bool) -> str:
    """Whether a run made or used a dataset, where nothing further is known of it."""
    around = view.around
    if view.types[0] != "DATASET" or around is None:
        return ""
    runs = near_by_type(around, view.start, view.direction).get("MODEL_RUN", 0)
    if view.direction == "upstream":
        return " No run made it." if is_whole and not runs else ""
    if not runs:
        return " No run used it."
    return f" {runs} {'run' if runs == 1 else 'runs'} used it, of which no dataset is recorded."
