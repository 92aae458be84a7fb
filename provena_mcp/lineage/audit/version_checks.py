"""Checks on versions: whether each has a place of its own, and was there when the run used it."""

from __future__ import annotations

from collections.abc import Iterator

from provena_mcp.lineage.audit.evidence import RunEvidence, day
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.lineage.audit.record_checks import unless_empty
from provena_mcp.lineage.audit.times import DAY, states_days
from provena_mcp.rules.budgets import TEXT_LENGTH
from provena_mcp.rules.records.references import Found
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetItem


def check_versions(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether versions lie in places of their own, and were registered before the run used them."""
    datasets = list(evidence.datasets((*evidence.inputs, *evidence.outputs)))
    shared = {dataset.id: said for dataset in datasets if (said := _shares_place(evidence, dataset))}
    later = {
        dataset.id: said
        for dataset in evidence.datasets(evidence.inputs)
        if (said := _registered_later(evidence, dataset))
    }
    findings = unless_empty(("storage_shared", shared), ("version_registered_later", later))
    versioned = sum(dataset.versioning_info is not None for dataset in datasets)
    return f"inputs and outputs with versions: {versioned}", findings


def _shares_place(evidence: RunEvidence, dataset: DatasetItem) -> str:
    place = _place(dataset)
    for other in _other_versions(evidence, dataset):
        if place and _place(other) == place:
            number = other.versioning_info.version if other.versioning_info else "?"
            return f"with {other.id} (version {number}): {clean(place, TEXT_LENGTH)}"
    return ""


def _place(dataset: DatasetItem) -> str:
    """Where the files lie; empty where nothing is said."""
    access = dataset.collection_format.dataset_info.access_info
    if access is not None and access.reposited is False:
        return (access.uri or dataset.access_info_uri or "").strip().rstrip("/")
    return (dataset.s3.s3_uri or "").strip().rstrip("/") if dataset.s3 else ""


def _other_versions(evidence: RunEvidence, dataset: DatasetItem) -> Iterator[DatasetItem]:
    """All versions of a dataset that were looked up, the newer ones first."""
    passed = {dataset.id}
    for towards in ("next_version", "previous_version"):
        item = dataset
        while (info := item.versioning_info) is not None:
            neighbour: str | None = getattr(info, towards)
            found = evidence.known.get(neighbour) if neighbour else None
            if not isinstance(found, Found) or not isinstance(found.item, DatasetItem):
                break
            item = found.item
            if item.id in passed:
                break
            passed.add(item.id)
            yield item


def _registered_later(evidence: RunEvidence, dataset: DatasetItem) -> str:
    """That a later version was not there yet when the run started, as far as its times tell."""
    info, record = dataset.versioning_info, evidence.run.record
    # The days of records that state days may be in any time zone.
    certain = DAY if states_days(record) else 1
    if info is None or not info.previous_version or dataset.created_timestamp - record.start_time < certain:
        return ""
    registered, started = day(dataset.created_timestamp), day(record.start_time)
    return (
        f"version {info.version} was registered on {registered}, the run started on {started}; "
        f"the version before is {info.previous_version}"
    )
