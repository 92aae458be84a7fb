"""Whether two records describe the same run: the rule behind the guard against registering twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from pydantic import JsonValue

from provena_mcp.rules.records.annotations import RECORDED_AS, VIA
from provena_mcp.wire.items import JsonObject, ModelRunItem, ModelRunRecord, RegistryItem, TemplatedDataset
from provena_mcp.wire.jobs import record_in


def same_record(one: ModelRunRecord, other: ModelRunRecord) -> bool:
    """Whether registering both would lodge one run twice."""
    return _canonical(one) == _canonical(other)


def has_had(item: RegistryItem, record: ModelRunRecord, since: float = 0) -> bool:
    """Whether ``record`` is that of ``item``, or was it after ``since`` (Unix seconds)."""
    if not isinstance(item, ModelRunItem):
        return False
    if same_record(item.record, record):
        return True
    earlier = (record_in(entry.item, "record") for entry in item.history if entry.timestamp >= since)
    return any(each is not None and same_record(each, record) for each in earlier)


def fingerprint(record: ModelRunRecord) -> str:
    """A digest (64 hexadecimal digits) that records of the same run share.

    Neither the order of keys and datasets nor null, empty or absent optional parts count; keys that
    Provena ignores do not either.
    """
    return hashlib.sha256(_canonical(record).encode()).hexdigest()


def fingerprints(record: ModelRunRecord) -> tuple[str, ...]:
    """The fingerprint of a record, and that of what recorded its run where it was drafted from that.

    A run that is drafted anew is the same run even where more of what it refers to exists by then.
    """
    recorded = (record.annotations or {}).get(RECORDED_AS)
    if not recorded:
        return (fingerprint(record),)
    return fingerprint(record), hashlib.sha256(f"{RECORDED_AS} {recorded}".encode()).hexdigest()


def content_fingerprint(record: ModelRunRecord) -> str:
    """A digest that records share which differ in name and description at most."""
    return fingerprint(record.model_copy(update={"display_name": "", "description": ""}))


def _canonical(record: ModelRunRecord) -> str:
    associations = record.associations
    content: JsonObject = {
        "workflow_template_id": record.workflow_template_id,
        "model_version": record.model_version,
        "inputs": _datasets(record.inputs),
        "outputs": _datasets(record.outputs),
        # It is the same run whichever program registers it.
        "annotations": {name: value for name, value in (record.annotations or {}).items() if name != VIA},
        "display_name": record.display_name,
        "description": record.description,
        "study_id": record.study_id,
        "modeller_id": associations.modeller_id,
        # Not null: an empty organisation id adds an organisation to the graph (provena-http 4.1).
        "requesting_organisation_id": associations.requesting_organisation_id,
        "start_time": record.start_time,
        "end_time": record.end_time,
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def _datasets(datasets: Iterable[TemplatedDataset]) -> list[JsonValue]:
    rows: list[tuple[str, str, str]] = [
        (
            dataset.dataset_template_id,
            dataset.dataset_id,
            json.dumps(dataset.resources or {}, sort_keys=True, ensure_ascii=False),
        )
        for dataset in datasets
    ]
    return [list(row) for row in sorted(rows)]
