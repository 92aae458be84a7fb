"""A CSV as rows of text cells: the one reading of a file, for the services' answer and for ours."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Final

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.csv.layout import WORKFLOW_MARKER, CsvProblem, duplicates
from provena_mcp.rules.file_formats import NAMES, FileFormat, recognise

_MIB: Final = 1024 * 1024
MAX_BYTES: Final = 20 * _MIB
"""The largest CSV our tools take: several times 10,000 rows."""


_SEPARATOR_LINE: Final = re.compile(r'"?sep=[,;\t|]"?[ ,;]*\r?\n', re.IGNORECASE)
_TITLE_LINES: Final = 10
_DRAFT: Final = (
    "The runs recorded in it are drafted by 'provena-mcp draft FILE', to be registered after a yes."
)
_INSTEAD: Final[Mapping[FileFormat, str]] = {
    "xlsx": "In Excel save the sheet as 'CSV UTF-8 (comma delimited)' and give that file.",
    "xls": "In Excel save the sheet as 'CSV UTF-8 (comma delimited)' and give that file.",
    "ro_crate": _DRAFT,
    "prov_json": _DRAFT,
    "openlineage": _DRAFT,
    "model_run_record": "A record is registered as it is; only tables of runs are converted.",
    "registry_dump": "It is loaded into a local store with 'provena-mcp local load'.",
    "registry_items": "It is loaded into a local store with 'provena-mcp local load'.",
}


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One data row; ``number`` counts from 1 and blank lines do not count."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A header row and the data rows, cells as they are written."""

    headers: tuple[str, ...]
    rows: tuple[CsvRow, ...]


def prepared(content: bytes | str) -> bytes:
    """The CSV as Provena can read it: UTF-8, without what spreadsheet programs add around the table.

    That is the byte order mark that would hide the first header, Excel's line ``sep=,``, and columns
    at the right end that hold nothing at all.

    Raises:
        ArgumentError: Larger than ``MAX_BYTES``, another format, not UTF-8, or not separated by commas.
    """
    raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    if len(raw) > MAX_BYTES:
        raise ArgumentError(
            f"The CSV has {len(raw) / _MIB:.0f} MiB; the most that is read is {MAX_BYTES // _MIB} MiB.",
            advice="Split it into several files with the same header row.",
        )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _not_utf8("It is UTF-16.")
    raw = raw.removeprefix(codecs.BOM_UTF8)
    _check_format(raw)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _not_utf8(f"Line {line} holds a byte (0x{raw[error.start]:02x}) that UTF-8 has not.") from None
    text = _without_separator_line(text)
    _check_separator(text)
    return _without_empty_columns(text).encode()


def read_table(content: bytes) -> CsvTable | CsvProblem:
    """Read a CSV as the services do: strict UTF-8, no header twice, no blank lines (provena-http 8.2)."""
    try:
        reader = csv.reader(StringIO(content.decode()))
        headers = next(reader, None)
        if headers is None:
            return _unreadable("The CSV is empty.", "")
        twice = duplicates(headers)
        if twice:
            text = f"Duplicate headers are not allowed. Detected duplicates: {twice}."
            return _unreadable(_repeated_headers(headers, twice, reader), text, column=twice[0])
        return CsvTable(tuple(headers), tuple(_rows(reader)))
    except UnicodeDecodeError as error:
        return _unreadable("The CSV is not UTF-8.", str(error))
    except csv.Error as error:
        message = "The CSV has no proper cells: a quote is missing, or lines end in a bare carriage return."
        return _unreadable(message, str(error))


def _check_format(raw: bytes) -> None:
    found = recognise(raw)
    if found is not None:
        raise ArgumentError(
            f"This is {NAMES[found]}, not a CSV of model runs.",
            advice=_INSTEAD.get(found, "Give the filled-in CSV that was made from the workflow template."),
        )


def _without_separator_line(text: str) -> str:
    """Excel writes and reads a first line such as ``sep=,``; Provena takes it for the headers."""
    return text[match.end() :] if (match := _SEPARATOR_LINE.match(text)) else text


def _check_separator(text: str) -> None:
    header_line = text.split("\n", 1)[0]
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if separator in header_line and "," not in header_line:
            raise ArgumentError(
                f"The columns of the CSV are separated by {name}; Provena reads commas only.",
                advice="Save it as 'CSV UTF-8 (comma delimited)' and give it again.",
            )


def _without_empty_columns(text: str) -> str:
    """The same table without columns at its right end that have neither a header nor any cell filled."""
    try:
        rows = list(csv.reader(StringIO(text, newline=""), strict=True))
    except csv.Error:
        return text
    width = len(rows[0]) if rows else 0
    filled = max((_filled(row) for row in rows), default=0)
    # One column without a header is told as an extra one by Provena; two would be refused as repeated.
    if width - filled < 1 or not filled:
        return text
    out = StringIO(newline="")
    csv.writer(out).writerows(row[:filled] for row in rows)
    return out.getvalue()


def _filled(row: Sequence[str]) -> int:
    """How many cells there are up to the last that holds something."""
    return next((end for end in range(len(row), 0, -1) if row[end - 1].strip()), 0)


def _repeated_headers(headers: Sequence[str], twice: Sequence[str], below: Iterator[list[str]]) -> str:
    """What is wrong with headers that repeat: often the true ones stand further down, below a title."""
    for line, cells in enumerate(islice(below, _TITLE_LINES), start=2):
        if any(cell.startswith(f"{WORKFLOW_MARKER} ") for cell in cells):
            return f"The headers are in line {line}: delete what is above."
    if not twice[0]:
        places = ", ".join(str(place) for place, header in enumerate(headers, start=1) if not header)
        return f"The columns {places} have no header: delete them, or give each its own."
    return f"The CSV has more than one column called {', '.join(map(repr, twice))}."


def _rows(lines: Iterator[list[str]]) -> Iterator[CsvRow]:
    filled = (cells for cells in lines if cells)
    for number, cells in enumerate(filled, start=1):
        yield CsvRow(number, tuple(cells))


def _unreadable(message: str, text: str, column: str = "") -> CsvProblem:
    detail = (
        "An error occurred while parsing the uploaded csv file - are you sure it is valid? "
        f"Exception: {text}."
    )
    return CsvProblem(message, detail, column=column)


def _not_utf8(finding: str) -> ArgumentError:
    return ArgumentError(
        f"The CSV is not encoded in UTF-8. {finding}",
        advice="Save it as 'CSV UTF-8 (comma delimited)' and give it again.",
    )
