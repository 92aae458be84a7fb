"""What a spreadsheet program or a hand leaves in a CSV that Provena would read wrongly without a word."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from provena_mcp.rules.csv.layout import CsvProblem
from provena_mcp.rules.csv.table import CsvRow, CsvTable

_EDGE: Final = 40
_TWO: Final = 2
_BLANKS_AFTER_MARK: Final = re.compile(r'"[ \t]+(?=[,\r\n]|\Z)')


def suspicions(content: str, table: CsvTable) -> tuple[CsvProblem, ...]:
    """Cells that swallowed other rows or lose their quotation marks, and NUL characters, row by row.

    A quotation mark that is never closed makes one cell of all that follows; one that is closed by
    the next row's makes one of the rows between. Provena takes both as they are, and rows are lost.
    """
    fault = _quoting_fault(content)
    lines = [CsvRow(0, table.headers), *table.rows]
    swallowed = tuple(_swallowed(lines, unclosed=fault is not None and fault.is_open_at_the_end))
    told = {each.row for each in swallowed}
    run_on = (_run_on(lines[fault.line].number),) if fault and not fault.is_open_at_the_end else ()
    return (*swallowed, *(each for each in run_on if each.row not in told), *_nuls(table))


@dataclass(frozen=True, slots=True)
class _QuotingFault:
    """Where a CSV breaks its own rules of quoting first: ``line`` counts the headers as 0, no blank ones."""

    line: int
    is_open_at_the_end: bool


def _quoting_fault(content: str) -> _QuotingFault | None:
    line = 0
    # Readers keep blanks after a mark, and cells are stripped of them: nothing is lost there.
    content = _BLANKS_AFTER_MARK.sub('"', content)
    try:
        for cells in csv.reader(StringIO(content), strict=True):
            line += bool(cells)
    except csv.Error as error:
        return _QuotingFault(line, "unexpected end of data" in str(error))
    return None


def _swallowed(rows: Sequence[CsvRow], *, unclosed: bool) -> Iterator[CsvProblem]:
    headers = rows[0].cells
    for row in rows:
        for index, cell in enumerate(row.cells):
            lines = cell.splitlines()
            is_last = unclosed and row is rows[-1] and index == len(row.cells) - 1
            if not is_last and not _holds_rows(lines, index, len(headers)):
                continue
            what = "is never closed" if is_last else "is closed only in a later row"
            more = "1 more line" if len(lines) == _TWO else f"{len(lines) - 1} more lines"
            held = f", so that it holds {more} of the file" if len(lines) > 1 else ""
            yield CsvProblem(
                f'A quotation mark (") opens in this cell and {what}{held}: close it, or write it twice '
                "if it belongs to the text.",
                "",
                row=row.number,
                column=headers[index][:_EDGE] if index < len(headers) else "",
                value=cell[:_EDGE],
            )


def _holds_rows(lines: Sequence[str], index: int, width: int) -> bool:
    """Whether a cell holds a whole row, or the end of its own and the next up to the same column.

    A text of two lines may have as many commas as that by chance, but with blanks after them.
    """
    if len(lines) < _TWO:
        return False
    counts = [_cells_of(line) for line in lines]
    if any(count >= max(width, 3) for count in counts[1:]):
        return True
    if len(lines) > _TWO or width <= _TWO or any(", " in line for line in lines):
        return False
    return counts == [width - index, index + 1]


def _cells_of(line: str) -> int:
    return sum(len(cells) for cells in csv.reader([line]))


def _run_on(row: int) -> CsvProblem:
    return CsvProblem(
        'In this row text follows a quotation mark (") that closes a cell; the marks would be lost, or rows '
        "run together: write each that belongs to the text twice, and put the cell in quotation marks.",
        "",
        row=row,
    )


def _nuls(table: CsvTable) -> Iterator[CsvProblem]:
    for row in table.rows:
        for header, cell in zip(table.headers, row.cells, strict=False):
            if "\0" in cell:
                message = "The cell holds a NUL character, which is lost when the run is copied: delete it."
                yield CsvProblem(message, "", row=row.number, column=header)
