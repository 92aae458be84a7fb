import pytest

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.csv.layout import (
    CsvProblem,
)
from provena_mcp.rules.csv.table import MAX_BYTES, CsvRow, CsvTable, prepared, read_table
from tests.worlds.authored_csv import a_csv

UNREADABLE = {
    "nothing": (b"", ""),
    "not UTF-8": (b"a,b\n\xf6,1\n", "'utf-8' codec can't decode byte 0xf6 in position 4: invalid start byte"),
    "one header twice": (
        b"a,b,a,b\n1,2,3,4\n",
        "Duplicate headers are not allowed. Detected duplicates: ['a', 'b'].",
    ),
}


@pytest.mark.parametrize(("content", "text"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_csv_is_refused_as_a_whole(content: bytes, text: str) -> None:
    table = read_table(content)

    assert isinstance(table, CsvProblem)
    start = "An error occurred while parsing the uploaded csv file - are you sure it is valid? Exception: "
    assert (table.row, table.status, table.service_detail) == (0, 400, f"{start}{text}.")


def test_columns_without_a_header_are_not_called_by_their_empty_name() -> None:
    table = read_table(b"a,,\n1,2,3\n")

    assert isinstance(table, CsvProblem)
    assert table.message == "The columns 2, 3 have no header: delete them, or give each its own."


def test_a_cell_beyond_what_can_be_read_is_refused() -> None:
    table = read_table(b'a,b\n"' + b"x" * 200_000 + b'",1\n')

    assert isinstance(table, CsvProblem)
    assert "field larger than field limit" in table.service_detail


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_may_end_either_way_and_blank_lines_do_not_count(line_end: str) -> None:
    content = line_end.join(["a,b", "", "1,2", "", '"x, ""y""",', ""]).encode()

    assert read_table(content) == CsvTable(("a", "b"), (CsvRow(1, ("1", "2")), CsvRow(2, ('x, "y"', ""))))


def test_a_byte_order_mark_is_taken_off_before_a_csv_is_sent() -> None:
    assert prepared(b"\xef\xbb\xbf" + a_csv({})) == a_csv({})
    assert prepared("\ufeffa,b\n") == b"a,b\n"
    assert prepared("Größe,温度\n") == "Größe,温度\n".encode()


REFUSED_FILES = {
    "too large": (b"a," * 25 * 1024 * 1024, "The CSV has 50 MiB; the most that is read is 20 MiB."),
    "latin-1": ("a,b\nx,Größe\n".encode("latin-1"), "Line 2 holds a byte (0xf6) that UTF-8 has not."),
    "UTF-16": ("a,b\n".encode("utf-16"), "It is UTF-16."),
    "half a character": ("a,\ud800\n", "Line 1 holds a byte (0xed) that UTF-8 has not."),
    "semicolons": (b"a;b\n1;2\n", "separated by semicolons; Provena reads commas only."),
    "tabs": (b"a\tb\n1\t2\n", "separated by tabs; Provena reads commas only."),
}


@pytest.mark.parametrize(("content", "message"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_a_file_that_provena_could_not_read_is_refused_with_advice(
    content: bytes | str, message: str
) -> None:
    with pytest.raises(ArgumentError) as refused:
        prepared(content)

    assert message in refused.value.message
    assert refused.value.advice


def test_the_size_limit_is_inclusive() -> None:
    assert len(prepared(b"x" * MAX_BYTES)) == MAX_BYTES
