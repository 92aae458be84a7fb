"""CSVs written: a template's header row, and a batch's runs as rows again (provena-http 8.1, 8.3)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from pydantic import ValidationError

from provena_mcp.rules.csv.layout import (
    CsvLayout,
    CsvProblem,
    DatasetColumns,
    csv_layout,
    layout_references,
)
from provena_mcp.rules.records.references import Known, Reference
from provena_mcp.rules.times import cell_of_seconds
from provena_mcp.wire.items import ModelRunRecord
from provena_mcp.wire.jobs import Job


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    r"""Rows as Provena writes them: quotes only where needed, ``\r\n`` after each row, cells verbatim."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def template_text(layout: CsvLayout) -> str:
    """A workflow template's CSV: its header row."""
    return csv_text([layout.headers])


def batch_references(batch_id: str, jobs: Sequence[Job], known: Known) -> frozenset[Reference]:
    """What must still be looked up before a batch's CSV can be written; empty when ``known`` suffices."""
    runs = _runs(batch_id, jobs)
    if isinstance(runs, CsvProblem):
        return frozenset()
    return layout_references(runs[0].workflow_template_id, known)


def batch_text(batch_id: str, jobs: Sequence[Job], known: Known) -> str | tuple[CsvProblem, ...]:
    """A batch's runs as a CSV, rows in the order of ``jobs``; or all that cannot be put into it.

    Raises:
        KeyError: ``batch_references`` is not empty.
    """
    runs = _runs(batch_id, jobs)
    if isinstance(runs, CsvProblem):
        return (runs,)
    layout = csv_layout(runs[0].workflow_template_id, known)
    if not isinstance(layout, CsvLayout):
        return layout
    writing = [_Writing(number, layout, run) for number, run in enumerate(runs, start=1)]
    rows = [row.cells(job) for row, job in zip(writing, jobs, strict=True)]
    problems = tuple(problem for row in writing for problem in row.problems)
    return problems or csv_text([layout.headers, *rows])


def _runs(batch_id: str, jobs: Sequence[Job]) -> Sequence[ModelRunRecord] | CsvProblem:
    if not jobs:
        return CsvProblem(f"There are no jobs of a batch {batch_id!r} that you may see.", "", status=500)
    start = f"The specified batch ID {batch_id} contained jobs"
    if any(job.job_sub_type != "MODEL_RUN_PROV_LODGE" for job in jobs):
        message = f"Batch {batch_id!r} holds other jobs than registrations of runs."
        return CsvProblem(message, f"{start} with non model run lodge job types.")
    try:
        runs = [ModelRunRecord.model_validate((job.payload or {}).get("record")) for job in jobs]
    except ValidationError as error:
        detail = f"{start} which could not be parsed as valid job payloads. Error: {error}."
        return CsvProblem(f"A job of batch {batch_id!r} holds no readable record.", detail, status=500)
    if len({run.workflow_template_id for run in runs}) > 1:
        message = f"Batch {batch_id!r} has runs of several workflow templates; a CSV has the columns of one."
        return CsvProblem(message, f"{start} with more than one workflow template IDs.")
    return runs


class _Writing:
    """A record being written as a row: each method gives some of its cells and notes what is wrong."""

    def __init__(self, number: int, layout: CsvLayout, run: ModelRunRecord) -> None:
        self.number = number
        self.layout = layout
        self.run = run
        self.problems: list[CsvProblem] = []

    def cells(self, job: Job) -> list[str]:
        return [
            "",
            *self._generic(),
            *(cell for columns in self.layout.datasets for cell in self._dataset(columns)),
            *self._annotations(),
            *_outcome(job),
        ]

    def _generic(self) -> Iterator[str]:
        run = self.run
        yield from (run.display_name, run.description, run.model_version or "")
        yield from (run.associations.modeller_id, run.study_id or "")
        yield from (self._time(run.start_time), self._time(run.end_time))

    def _time(self, seconds: int) -> str:
        try:
            return cell_of_seconds(seconds)
        except ValueError:
            self._refuse(f"{seconds} is no time in seconds; is it in milliseconds?", "", status=500)
            return ""

    def _dataset(self, columns: DatasetColumns) -> list[str]:
        datasets, side = (self.run.inputs, "input") if columns.is_input else (self.run.outputs, "output")
        template_id = columns.template_id
        dataset = next((each for each in datasets if each.dataset_template_id == template_id), None)
        if dataset is None:
            detail = f"No {side} found in model run record for dataset template: {template_id}."
            self._refuse(f"The run has no {side} for dataset template {template_id!r}.", detail)
            return []
        given = dataset.resources or {}
        for key, _ in columns.resources:
            if key not in given:
                detail = f"Expected deferred resource: {key} but was not found in model run record."
                self._refuse(f"The run gives no path for {key!r}.", detail)
        return [dataset.dataset_id, *(given.get(key, "") for key, _ in columns.resources)]

    def _annotations(self) -> list[str]:
        given = self.run.annotations
        required = self.layout.required_annotations
        if given is None and required:
            detail = "Model run record had no annotations, but template had required annotations."
            self._refuse("The run has no annotations.", detail)
        given = given or {}
        for key in required if self.run.annotations is not None else ():
            if key not in given:
                detail = (
                    f"Workflow template expected annotation with key {key} but it was not provided in the "
                    "model run record."
                )
                self._refuse(f"The run lacks the annotation {key!r}.", detail)
        return [given.get(key, "") for key in self.layout.annotations]

    def _refuse(self, message: str, detail: str, status: int = 400) -> None:
        self.problems.append(CsvProblem(message, detail, status, row=self.number))


def _outcome(job: Job) -> list[str]:
    lodged = (job.result or {}).get("record")
    run_id = lodged.get("id") if isinstance(lodged, dict) else None
    error = (job.info or "") if job.status == "FAILED" else ""
    return [job.session_id, job.status, run_id if isinstance(run_id, str) else "", error]
