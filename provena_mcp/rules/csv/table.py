"""A CSV as rows of text cells: the one reading of a file, for the services' answer and for ours."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Final

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.csv.layout import CsvProblem, duplicates

_MIB: Final = 1024 * 1024
MAX_BYTES: Final = 20 * _MIB
"""The largest CSV our tools take: several times 10,000 rows."""


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
    """The CSV as Provena can read it: UTF-8, without the byte order mark that would hide its first header.

    Raises:
        ArgumentError: Larger than ``MAX_BYTES``, not UTF-8, or not separated by commas.
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
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _not_utf8(f"Line {line} holds a byte (0x{raw[error.start]:02x}) that UTF-8 has not.") from None
    _check_separator(raw)
    return raw


def read_table(content: bytes) -> CsvTable | CsvProblem:
    """Read a CSV as the services do: strict UTF-8, no header twice, no blank lines (provena-http 8.2)."""
    try:
        reader = csv.reader(StringIO(content.decode()))
        headers = next(reader, None)
        if headers is None:
            return _unreadable("The CSV is empty.", "")
        twice = duplicates(headers)
        if twice:
            listed = ", ".join(repr(header) if header else "nothing at all" for header in twice)
            text = f"Duplicate headers are not allowed. Detected duplicates: {twice}."
            return _unreadable(f"The CSV has more than one column called {listed}.", text, column=twice[0])
        return CsvTable(tuple(headers), tuple(_rows(reader)))
    except UnicodeDecodeError as error:
        return _unreadable("The CSV is not UTF-8.", str(error))
    except csv.Error as error:
        message = "The CSV has no proper cells: a quote is missing, or lines end in a bare carriage return."
        return _unreadable(message, str(error))


def _check_separator(raw: bytes) -> None:
    header_line = raw.split(b"\n", 1)[0]
    for separator, name in ((b";", "semicolons"), (b"\t", "tabs")):
        if separator in header_line and b"," not in header_line:
            raise ArgumentError(
                f"The columns of the CSV are separated by {name}; Provena reads commas only.",
                advice="Save it as 'CSV UTF-8 (comma delimited)' and give it again.",
            )


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
