"""Which tool answers which command, and how its answer is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from provena_mcp.cli.ask import judgements, lineage, registry, relations
from provena_mcp.cli.ask.conversation import ToolQuestion
from provena_mcp.lineage.result import LineageResult
from provena_mcp.next_call import ToolName
from provena_mcp.queries.answers.audit_answer import AuditReproducibilityResult
from provena_mcp.queries.answers.comparison_result import CompareModelRunsResult
from provena_mcp.queries.answers.impact_result import AnalyseImpactResult
from provena_mcp.queries.answers.path_result import FindLineagePathResult
from provena_mcp.queries.items.lists import ListItemsResult
from provena_mcp.queries.items.search import SearchItemsResult
from provena_mcp.rules.graph import Direction
from provena_mcp.wire.items import JSON_OBJECT, JsonObject

Rows = Literal["items", "datasets", "agents"]

_LINEAGE_TOOLS: Final[dict[tuple[Direction, Rows], ToolName]] = {
    ("upstream", "items"): "explore_upstream",
    ("upstream", "datasets"): "get_contributing_datasets",
    ("upstream", "agents"): "get_contributing_agents",
    ("downstream", "items"): "explore_downstream",
    ("downstream", "datasets"): "get_effected_datasets",
    ("downstream", "agents"): "get_effected_agents",
}


def lineage_question(
    direction: Direction,
    item: str,
    rows: Rows,
    depth: int | None,
    types: Sequence[str] | None,
    cursor: str | None,
    *,
    everything: bool,
) -> ToolQuestion[LineageResult]:
    """What lies up- or downstream; a tree, unless what is between its items is left out."""
    if rows != "items":
        show = lineage.datasets_table if rows == "datasets" else lineage.agents_table
    else:
        show = lineage.lineage_table if types or everything else lineage.lineage_tree
    arguments = {"starting_id": item, "depth": depth, "subtypes": types, "cursor": cursor}
    tool = _LINEAGE_TOOLS[direction, rows]
    return ToolQuestion(
        tool, arguments, LineageResult.model_validate, show, lineage.is_empty, ("starting_id",)
    )


def path_question(item: str, other: str, max_hops: int | None) -> ToolQuestion[FindLineagePathResult]:
    """How two items are related; no if neither came from the other."""
    return ToolQuestion(
        "find_lineage_path",
        {"from_id": item, "to_id": other, "max_hops": max_hops},
        FindLineagePathResult.model_validate,
        relations.paths,
        lambda result: not result.found,
        ("from_id", "to_id"),
    )


def impact_question(
    item: str, depth: int | None, *, contacts: bool, all_versions: bool
) -> ToolQuestion[AnalyseImpactResult]:
    """What an item touches."""
    arguments = {
        "item_id": item,
        "depth": depth,
        "contacts": contacts or None,
        "all_versions": all_versions or None,
    }
    return ToolQuestion(
        "analyse_impact", arguments, AnalyseImpactResult.model_validate, relations.impact, items=("item_id",)
    )


def comparison_question(runs: Sequence[str], *, lineage: bool) -> ToolQuestion[CompareModelRunsResult]:
    """Where runs differ; no if they do."""
    return ToolQuestion(
        "compare_model_runs",
        {"run_ids": runs, "scope": "lineage" if lineage else None},
        CompareModelRunsResult.model_validate,
        judgements.comparison,
        lambda result: bool(result.differences),
        ("run_ids",),
    )


def audit_question(item: str) -> ToolQuestion[AuditReproducibilityResult]:
    """Whether something can be repeated; no if it cannot."""
    return ToolQuestion(
        "audit_reproducibility",
        {"item_id": item},
        AuditReproducibilityResult.model_validate,
        judgements.audit,
        lambda result: result.verdict == "not_repeatable",
        ("item_id",),
    )


def items_question(
    items: Sequence[str], beside: Sequence[str] | None, *, full: bool
) -> ToolQuestion[JsonObject]:
    """What items are; no if one of them does not exist."""
    return ToolQuestion(
        "fetch_items",
        {"ids": items, "detail": "full" if full else None, "include": beside},
        JSON_OBJECT.validate_python,
        registry.fetched,
        registry.is_missing_some,
        ("ids",),
        fault_in=registry.fault_in,
    )


def search_question(words: str, filters: Mapping[str, object]) -> ToolQuestion[SearchItemsResult]:
    """Items found by words; no if there are none."""
    return ToolQuestion(
        "search_items",
        {"query": words, **filters},
        SearchItemsResult.model_validate,
        registry.found,
        lambda result: not result.items,
    )


def list_question(filters: Mapping[str, object]) -> ToolQuestion[ListItemsResult]:
    """Items by filters, or their number; no if there are none."""
    return ToolQuestion(
        "list_items",
        filters,
        ListItemsResult.model_validate,
        registry.listed,
        lambda result: not (result.items or result.total),
    )
