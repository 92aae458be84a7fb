"""From a CSV to model run records (provena-http 8.2).

The services stop at the first problem; here all are found, in the services' order, so that the first
of them is what a service answers. Look-ups are the caller's, as for records: ``references`` says
what is still wanted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.csv.layout import (
    GENERIC_HEADERS,
    JOB_HEADERS,
    WORKFLOW_MARKER,
    CsvLayout,
    CsvProblem,
    annotation_header,
    csv_layout,
    layout_references,
)
from provena_mcp.rules.csv.rows import read_row, row_cautions, row_references
from provena_mcp.rules.csv.table import CsvTable
from provena_mcp.rules.records.problems import Candidate, nearest
from provena_mcp.rules.records.references import Known, Reference, missing
from provena_mcp.wire.items import ModelRunRecord

_MARKER: Final = re.compile(re.escape(WORKFLOW_MARKER) + r"\s(\S*)")
_NEARLY_MARKER: Final = re.compile(r"[\s_]*workflow[\s_]*template[\s_]*id[\s_:]+(\S+)\s*", re.IGNORECASE)
_TITLE_ROWS: Final = 10
_ADVICE: Final = "start from the workflow template's own CSV template"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a CSV says, row by row.

    ``existing`` holds the job ids of rows submitted before, which nobody verifies. A service gives
    the records only when there is no problem at all. ``cautions`` are what it lets pass: people and
    studies that it looks up only when registering, times that leave their zone to the server.
    """

    workflow_template_id: str = ""
    records: tuple[ModelRunRecord, ...] = ()
    existing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[CsvProblem, ...] = ()
    cautions: tuple[CsvProblem, ...] = ()

    @property
    def service_details(self) -> str:
        """The details of a service's answer when there is no problem."""
        return f"Successfully generated model run records. There were {len(self.warnings)} warnings."


def references(table: CsvTable, known: Known, *, registering: bool = False) -> frozenset[Reference]:
    """What must still be looked up before ``table`` can be converted; empty when ``known`` suffices.

    ``registering`` adds the people and studies that a service looks up only then, for ``cautions``.
    """
    workflow_id = _workflow_id(table)
    if isinstance(workflow_id, CsvProblem):
        return frozenset()
    wanted = layout_references(workflow_id, known)
    if wanted:
        return wanted
    layout = csv_layout(workflow_id, known)
    if not isinstance(layout, CsvLayout):
        return frozenset()
    return missing(
        {
            reference
            for row in table.rows
            for reference in row_references(row, table, layout, registering=registering)
        },
        known,
    )


def convert(table: CsvTable, known: Known) -> Conversion:
    """Everything a CSV says and everything wrong with it.

    Raises:
        KeyError: ``references(table, known)`` is not empty.
    """
    workflow_id = _workflow_id(table)
    if isinstance(workflow_id, CsvProblem):
        return Conversion(problems=(workflow_id,))
    layout = csv_layout(workflow_id, known)
    if not isinstance(layout, CsvLayout):
        return Conversion(workflow_id, problems=layout)
    records: list[ModelRunRecord] = []
    existing: list[str] = []
    problems = list(_header_problems(table, layout))
    whole = not problems
    for row in table.rows:
        read = read_row(row, table, layout, known)
        if isinstance(read, str):
            existing.append(read)
        elif isinstance(read, tuple):
            problems.extend(read)
        elif whole:
            records.append(read)
    return Conversion(
        workflow_template_id=workflow_id,
        records=tuple(records),
        existing=tuple(existing),
        warnings=_warnings(table, layout),
        problems=tuple(problems),
        cautions=tuple(caution for row in table.rows for caution in row_cautions(row, table, known)),
    )


def _workflow_id(table: CsvTable) -> str | CsvProblem:
    if not table.rows:
        return CsvProblem(
            "The CSV has no rows below its headers.", "The provided CSV had no non header rows."
        )
    found = [match.group(1) for header in table.headers if (match := _MARKER.match(header))]
    if len(found) == 1:
        return found[0]
    quantity, trouble = ("Multiple", "More than one") if found else ("None of the", "No")
    message = f"{trouble} column is called {WORKFLOW_MARKER!r} followed by an id; {_ADVICE}."
    if not found:
        message = _misplaced_marker(table) or message
    detail = (
        f"{quantity} provided headers matched the expected workflow template flag to identify the workflow "
        "template."
    )
    return CsvProblem(message, detail)


def _misplaced_marker(table: CsvTable) -> str | None:
    """Where the column that names the workflow template is, or is nearly, when no header is it."""
    for row in table.rows[:_TITLE_ROWS]:
        if any(_MARKER.match(cell) for cell in row.cells):
            return f"The headers are in row {row.number} below the first line: delete what is above them."
    for header in table.headers:
        if match := _NEARLY_MARKER.fullmatch(header):
            return f"The column {header[:80]!r} should be called '{WORKFLOW_MARKER} {match[1]}'."
    return None


def _header_problems(table: CsvTable, layout: CsvLayout) -> Iterator[CsvProblem]:
    present = set(table.headers)
    expected = set(layout.headers)
    foreign = [Candidate(header) for header in table.headers if header not in expected]
    for header, text in _expected(layout):
        if header not in present:
            near = nearest(header, foreign)
            message = f"There is no column {header!r}; {_ADVICE}."
            if near:
                message = f"There is no column {header!r}; is it the one called {near[0].id!r}?"
            detail = f"Header validation error in CSV: {text}"
            yield CsvProblem(message, detail, column=header, candidates=near)


def _expected(layout: CsvLayout) -> Iterator[tuple[str, str]]:
    """Each header in the order of the services' check, with what they say of its absence."""
    for header in GENERIC_HEADERS:
        yield header, f"Expected header '{header}' not in headers!"
    for columns in layout.datasets:
        for header in columns.headers:
            yield header, f"Expected dataset template header {header} not in provided headers."
    for key in layout.annotations:
        yield annotation_header(key), f"CSV has no header for {key} annotation."
    for header in JOB_HEADERS:
        yield header, f"CSV is missing expected status header {header}."
    yield layout.marker, ""


def _warnings(table: CsvTable, layout: CsvLayout) -> tuple[str, ...]:
    expected = set(layout.headers)
    return tuple(
        f"Extra column with header '{header}' provided, ignoring"
        for header in table.headers
        if header not in expected
    )
