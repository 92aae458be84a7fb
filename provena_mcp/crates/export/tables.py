"""Runs and datasets of a lineage as CSV, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

from provena_mcp.crates.export.item_entities import iso_time
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetItem, ModelRunItem, TemplatedDataset

_CELL: Final = 2_000
# What spreadsheets would run as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "|", "%")
_RUNS: Final = ("run", "name", "start", "end", "software", "version", "modeller", "requested by", "study")
_DATASETS: Final = ("dataset", "name", "made by", "licence", "publisher", "from", "to", "release", "url")


def runs_table(provenance: RegisteredProvenance) -> bytes:
    """One row for each run, earliest first; handles of several datasets are separated by blanks."""
    annotations = sorted({name for run in provenance.runs for name in run.record.annotations or {}})
    header = (*_RUNS, "inputs", "outputs", *(f"annotation {name}" for name in annotations))
    return _written(header, (_run_row(provenance, run, annotations) for run in provenance.runs))


def datasets_table(provenance: RegisteredProvenance) -> bytes:
    """One row for each dataset, in the order in which runs use or make them."""
    return _written(_DATASETS, (_dataset_row(provenance, each) for each in provenance.datasets))


def _run_row(
    provenance: RegisteredProvenance, run: ModelRunItem, annotations: Sequence[str]
) -> list[str | None]:
    record, who = run.record, run.record.associations
    model, requester = provenance.model_of(run), who.requesting_organisation_id
    stated = record.annotations or {}
    return [
        run.id,
        record.display_name,
        iso_time(record.start_time),
        iso_time(record.end_time),
        provenance.name_of(model) if model else None,
        record.model_version,
        provenance.name_of(who.modeller_id),
        provenance.name_of(requester) if requester else None,
        record.study_id,
        _handles(record.inputs),
        _handles(record.outputs),
        *(stated.get(name) for name in annotations),
    ]


def _dataset_row(provenance: RegisteredProvenance, handle: str) -> list[str | None]:
    makers = " ".join(run.id for run in provenance.makers(handle))
    found = provenance.item(handle, DatasetItem)
    if found is None:
        return [handle, provenance.name_of(handle), makers]
    info = found.collection_format.dataset_info
    period = info.temporal_info.duration if info.temporal_info else None
    return [
        handle,
        provenance.name_of(handle),
        makers,
        info.license,
        provenance.name_of(info.publisher_id) if info.publisher_id else None,
        period.begin_date if period else None,
        period.end_date if period else None,
        found.release_status,
        info.access_info.uri if info.access_info else None,
    ]


def _handles(uses: Sequence[TemplatedDataset]) -> str:
    return " ".join(dict.fromkeys(use.dataset_id for use in uses))


def _written(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text)
    for row in (header, *rows):
        writer.writerow([*map(_cell, row), *[""] * (len(header) - len(row))])
    return text.getvalue().encode()


def _cell(value: str | None) -> str:
    shown = clean(value or "", _CELL)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
