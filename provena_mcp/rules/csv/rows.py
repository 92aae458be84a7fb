"""One row of a CSV as a model run record, checked in the services' order (provena-http 8.2)."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from provena_mcp.rules.csv.layout import (
    DESCRIPTION,
    DISPLAY_NAME,
    END,
    JOB_ID,
    MODEL_VERSION,
    MODELLER,
    START,
    STUDY,
    CsvLayout,
    CsvProblem,
    DatasetColumns,
    annotation_header,
)
from provena_mcp.rules.csv.table import CsvRow, CsvTable
from provena_mcp.rules.records.references import Known, Reference, Refused, complaint, resolve
from provena_mcp.rules.times import says_its_offset, seconds_of_cell
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset
from provena_mcp.wire.subtypes import ItemSubtype

Cells = Mapping[str, str]
"""Cells by header, without the white space around them; a short row leaves some out."""

_BAD_TIME: Final = "Validation error when parsing provided time, expected format: YYYY-MM-DD HH:MM:SS+HH:MM."


def row_references(
    row: CsvRow, table: CsvTable, layout: CsvLayout, *, registering: bool
) -> Iterator[Reference]:
    """The items a new row names; people and studies only for ``registering``."""
    cells = _cells(row, table)
    if cells.get(JOB_ID):
        return
    for columns in layout.datasets:
        yield Reference(cells.get(columns.header, ""), "DATASET", "input" if columns.is_input else "output")
    if registering:
        yield Reference(cells.get(MODELLER, ""), "PERSON", "modeller")
        yield Reference(cells.get(STUDY, ""), "STUDY", "study")


def read_row(
    row: CsvRow, table: CsvTable, layout: CsvLayout, known: Known
) -> ModelRunRecord | str | tuple[CsvProblem, ...]:
    """The record of a new row, the job id of one submitted before, or all that is wrong with it.

    Columns that the table lacks are passed over: the header check names them.
    """
    reading = _Reading(row.number, _cells(row, table), known)
    reading.check_length(len(row.cells), table.headers)
    job_id = reading.cells.get(JOB_ID)
    if job_id:
        return reading.submitted(job_id)
    record = reading.record(layout)
    if reading.problems and not any(cell.strip() for cell in row.cells):
        return (dataclasses.replace(reading.problems[0], message="The row is blank: delete it.", column=""),)
    return tuple(reading.problems) if record is None else record


def row_cautions(row: CsvRow, table: CsvTable, known: Known) -> Iterator[CsvProblem]:
    """What a service lets pass in a new row and whoever wrote it should hear of."""
    cells = _cells(row, table)
    if cells.get(JOB_ID) or not any(cells.values()):
        return
    wanted: tuple[tuple[str, ItemSubtype], ...] = ((MODELLER, "PERSON"), (STUDY, "STUDY"))
    for column, subtype in wanted:
        item_id = cells.get(column, "")
        found = resolve(item_id, subtype, known) if item_id in known else None
        if isinstance(found, Refused):
            message = complaint(item_id, subtype, found, known)
            yield CsvProblem(message, "", row=row.number, column=column, value=item_id, subtype=subtype)
    if cells.get(MODELLER) == "":
        yield CsvProblem("Every run needs its modeller's id.", "", row=row.number, column=MODELLER)
    for column in (START, END):
        text = cells.get(column, "")
        if _seconds(text) is not None and not says_its_offset(text):
            message = (
                f"{text!r} does not say its offset from UTC: the server's own time zone will be assumed."
            )
            yield CsvProblem(message, "", row=row.number, column=column, value=text)


class _Reading:
    """A row being read: each method takes one part of it and notes what is wrong."""

    def __init__(self, number: int, cells: Cells, known: Known) -> None:
        self.number = number
        self.cells = cells
        self.known = known
        self.problems: list[CsvProblem] = []

    def check_length(self, cells: int, headers: Iterable[str]) -> None:
        columns = len(tuple(headers))
        if cells < columns:
            text = "'NoneType' object has no attribute 'strip'"
            self._broken(f"The row has {cells} cells where there are {columns} columns.", text)
        elif cells > columns:
            text = "'list' object has no attribute 'strip'"
            message = (
                f"The row has {cells} cells where there are {columns} columns; is a comma not in quotes?"
            )
            self._broken(message, text)

    def submitted(self, job_id: str) -> str | tuple[CsvProblem, ...]:
        try:
            uuid.UUID(job_id)
        except ValueError:
            message = (
                f"{job_id!r} is not the id of a job. Leave the cell empty to submit the row as a new run."
            )
            detail = f"Provided (job_id = {job_id!r}) was not a valid UUID4 identitifer."
            self._refused(message, detail, JOB_ID, job_id)
        return tuple(self.problems) or job_id

    def record(self, layout: CsvLayout) -> ModelRunRecord | None:
        inputs = [self._dataset(columns) for columns in layout.inputs]
        outputs = [self._dataset(columns) for columns in layout.outputs]
        annotations = self._annotations(layout)
        start, end = self._time(START), self._time(END)
        name, description = self._text(DISPLAY_NAME), self._text(DESCRIPTION)
        if start is not None and end is not None and start > end:
            self._out_of_order(start, end)
        if self.problems or start is None or end is None or not name or not description:
            return None
        return ModelRunRecord(
            workflow_template_id=layout.workflow_template_id,
            model_version=self.cells.get(MODEL_VERSION) or None,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            annotations=annotations or None,
            display_name=name,
            description=description,
            study_id=self.cells.get(STUDY) or None,
            associations=Associations(modeller_id=self.cells.get(MODELLER, "")),
            start_time=start,
            end_time=end,
        )

    def _dataset(self, columns: DatasetColumns) -> TemplatedDataset:
        dataset_id = self.cells.get(columns.header)
        if dataset_id is not None:
            self._look_up(dataset_id, columns.header)
        resources: dict[str, str] = {}
        for key, header in columns.resources:
            resources[key] = self.cells.get(header, "")
            if self.cells.get(header) == "":
                message = f"The path of {key!r} is empty; in a CSV Provena wants optional ones too."
                self._broken(message, "", header)
        return TemplatedDataset(
            dataset_template_id=columns.template_id, dataset_id=dataset_id or "", resources=resources or None
        )

    def _look_up(self, dataset_id: str, column: str) -> None:
        found = resolve(dataset_id, "DATASET", self.known)
        if not isinstance(found, Refused):
            return
        message = complaint(dataset_id, "DATASET", found, self.known)
        if not dataset_id:
            message = "The id of a dataset is empty; in a CSV Provena wants one for optional templates too."
        if found.kind == "unreadable":
            self._refused(message, found.denial, column, dataset_id, status=401, subtype="DATASET")
            return
        # It is the row's dataset; the services say it is the template's.
        detail = (
            f"The provided workflow template contained a dataset id {dataset_id} which was invalid, "
            f"error: {found.service_text}."
        )
        self._refused(message, detail, column, dataset_id, subtype="DATASET")

    def _annotations(self, layout: CsvLayout) -> dict[str, str]:
        for key in layout.required_annotations:
            header = annotation_header(key)
            if self.cells.get(header) == "":
                detail = f"Required annotation with key {key} was either empty or None."
                self._refused(f"The annotation {key!r} is required and empty.", detail, header)
        given = ((key, self.cells.get(annotation_header(key))) for key in layout.annotations)
        return {key: value for key, value in given if value}

    def _time(self, column: str) -> int | None:
        text = self.cells.get(column)
        if text is None:
            return None
        seconds = _seconds(text)
        if seconds is None:
            message = f"{text!r} is not a time such as 2023-01-13 10:00:00+10:00."
            self._broken(message, _BAD_TIME, column, text)
        return seconds

    def _text(self, column: str) -> str:
        text = self.cells.get(column)
        if text == "":
            self._broken(f"The {column} is empty.", f"Expected {column} to be non-empty string.", column)
        return text or ""

    def _out_of_order(self, start: int, end: int) -> None:
        text = (
            f"1 validation error for ModelRunRecord\n__root__\n  The 'start_time' value ({start}) must be "
            f"smaller than or equal to the 'end_time' value ({end}). (type=value_error)"
        )
        self._broken("The run ends before it starts.", text, END, self.cells.get(END, ""))

    def _broken(self, message: str, text: str, column: str = "", value: str = "") -> None:
        detail = (
            f"There was an error while converting the CSV row for model run #{self.number} into a model run "
            f"record, exception: {text}."
        )
        self._refused(message, detail, column, value)

    def _refused(
        self,
        message: str,
        detail: str,
        column: str,
        value: str = "",
        *,
        status: int = 400,
        subtype: ItemSubtype | None = None,
    ) -> None:
        self.problems.append(
            CsvProblem(message, detail, status, row=self.number, column=column, value=value, subtype=subtype)
        )


def _cells(row: CsvRow, table: CsvTable) -> Cells:
    return {header: cell.strip() for header, cell in zip(table.headers, row.cells, strict=False)}


def _seconds(text: str) -> int | None:
    try:
        return seconds_of_cell(text)
    except ValueError:
        return None
