"""Checks on what lies upstream of a run: cycles, gaps, and what could not be looked at."""

from __future__ import annotations

from typing import Final

from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.lineage.audit.record_checks import refusal, unless_empty
from provena_mcp.rules.cycles import cyclic_groups
from provena_mcp.rules.records.references import Refused

_NAMED: Final = 3


def check_lineage(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the lineage is free of cycles, and explained by runs down to its sources."""
    datasets = evidence.datasets_upstream
    gaps = {dataset: _origin(evidence, dataset) for dataset in _sources(evidence, datasets)}
    findings = unless_empty(
        ("lineage_cycle", _cycles(evidence)),
        ("lineage_gap", gaps),
        ("upstream_unreadable", _unreadable(evidence, datasets)),
        ("lineage_unchecked", _unchecked(evidence, datasets)),
    )
    made = sum(1 for dataset in datasets if dataset in evidence.makers)
    return f"datasets upstream: {len(datasets)}, made by a recorded run: {made}", findings


def _cycles(evidence: RunEvidence) -> dict[str, str]:
    groups = cyclic_groups(evidence.upstream)
    return {node: "on a cycle with " + _others(group, node) for group in groups for node in group}


def _others(group: tuple[str, ...], node: str) -> str:
    others = [other for other in group if other != node]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return ", ".join(others[:_NAMED]) + more


def _sources(evidence: RunEvidence, datasets: tuple[str, ...]) -> list[str]:
    """Datasets that no run made, new versions among them; those the walk did not get beyond are left out."""
    # Of an incomplete lineage, an item that leads nowhere may only not have been followed.
    is_whole = evidence.incomplete_because is None
    return [
        dataset
        for dataset in datasets
        if dataset not in evidence.makers and (is_whole or dataset in evidence.followed)
    ]


def _origin(evidence: RunEvidence, dataset_id: str) -> str:
    if dataset_id in evidence.new_versions:
        return "registered as a new version"
    for dataset in evidence.datasets((dataset_id,)):
        access = dataset.collection_format.dataset_info.access_info
        return (
            "hosted elsewhere" if access is not None and access.reposited is False else "registered by hand"
        )
    return ""


def _unreadable(evidence: RunEvidence, datasets: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for dataset in datasets:
        if dataset in evidence.known and dataset not in evidence.inputs:
            item = evidence.item(dataset, "DATASET")
            if isinstance(item, Refused):
                found[dataset] = refusal(item)
    return found


def _unchecked(evidence: RunEvidence, datasets: tuple[str, ...]) -> dict[str, str]:
    skipped = sum(1 for dataset in datasets if dataset not in evidence.known)
    reasons = [f"{skipped} of {len(datasets)} datasets upstream were not read"] if skipped else []
    if evidence.incomplete_because is not None:
        reasons.append(evidence.incomplete_because)
    return {evidence.run.id: "; ".join(reasons)} if reasons else {}
