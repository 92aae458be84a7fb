"""What a spreadsheet program or a hand leaves in a CSV that Provena would read wrongly without a word."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from provena_mcp.rules.csv.layout import CsvProblem
from provena_mcp.rules.csv.table import CsvTable

_EDGE: Final = 40


def suspicions(content: str, table: CsvTable) -> tuple[CsvProblem, ...]:
    """Cells that swallowed other rows, and NUL characters, row by row.

    A quotation mark that is never closed makes one cell of all that follows; one that is closed by
    the next row's makes one of the rows between. Provena takes both as they are, and rows are lost.
    """
    return (*_swallowed(content, table), *_nuls(table))


def _swallowed(content: str, table: CsvTable) -> Iterator[CsvProblem]:
    unclosed = _ends_in_quotes(content)
    for row in table.rows:
        for index, cell in enumerate(row.cells):
            lines = cell.splitlines()
            is_last = unclosed and row is table.rows[-1] and index == len(row.cells) - 1
            rows_inside = sum(_cells_of(line) >= max(len(table.headers), 3) for line in lines[1:])
            if not is_last and not rows_inside:
                continue
            header = table.headers[index] if index < len(table.headers) else ""
            what = "is never closed" if is_last else "is closed only in a later row"
            held = f", so that it holds {len(lines) - 1} more lines of the file" if len(lines) > 1 else ""
            yield CsvProblem(
                f'A quotation mark (") opens in this cell and {what}{held}: close it, or write it twice '
                "if it belongs to the text.",
                "",
                row=row.number,
                column=header,
                value=cell[:_EDGE],
            )


def _cells_of(line: str) -> int:
    return sum(len(cells) for cells in csv.reader([line]))


def _ends_in_quotes(content: str) -> bool:
    try:
        for _ in csv.reader(StringIO(content), strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _nuls(table: CsvTable) -> Iterator[CsvProblem]:
    for row in table.rows:
        for header, cell in zip(table.headers, row.cells, strict=False):
            if "\0" in cell:
                message = "The cell holds a NUL character, which is lost when the run is copied: delete it."
                yield CsvProblem(message, "", row=row.number, column=header)
