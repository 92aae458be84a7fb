"""What spreadsheets and hands leave in a CSV: taken off, or named where it stands."""

import csv
import zipfile
from io import BytesIO, StringIO

import pytest

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.csv.inspection import suspicions
from provena_mcp.rules.csv.layout import CsvProblem
from provena_mcp.rules.csv.reader import convert
from provena_mcp.rules.csv.table import CsvRow, CsvTable, prepared, read_table

HEADERS = "_workflow template id x/1,display name,description,study id"


def _table(content: str) -> CsvTable:
    table = read_table(prepared(content))
    assert isinstance(table, CsvTable)
    return table


def test_a_quotation_mark_that_is_never_closed_names_its_row_and_cell():
    content = f'{HEADERS}\nx,one,"opens here,\nx,two,,\nx,three,,\n'

    assert suspicions(content, _table(content)) == (
        CsvProblem(
            'A quotation mark (") opens in this cell and is never closed, so that it holds 2 more lines of '
            "the file: close it, or write it twice if it belongs to the text.",
            "",
            row=1,
            column="description",
            value="opens here,\nx,two,,\nx,three,,\n",
        ),
    )


def test_a_quotation_mark_that_another_row_closes_names_its_row_and_cell():
    content = f'{HEADERS}\nx,zero,,\nx,one,"a 10 inch pipe,\nx,two,,\nx,three,"of 5",\n'

    assert [(found.row, found.column) for found in suspicions(content, _table(content))] == [
        (2, "description")
    ]


@pytest.mark.parametrize(
    "row",
    [
        'x,"one, first" ,second,',
        'x,"one" \t,"two" ,"three" ',
        'x,"warm, dry\nand cold",second,',
        'x,"5"" pipe" ,,',
    ],
)
def test_what_is_read_as_it_was_meant_is_not_suspected(row: str):
    content = f"{HEADERS}\n{row}\nx,two,,\n"

    assert suspicions(content, _table(content)) == ()


def test_a_text_of_two_lines_is_no_row_for_having_as_many_commas():
    content = 'name,description,study\na,"Warm, dry\nCold, wet",s\n'

    assert suspicions(content, _table(content)) == ()


def test_a_quotation_mark_that_the_next_rows_closes_names_the_row_that_would_be_lost():
    content = f'{HEADERS}\nx,"one,first,\nx,two",second,\n'

    assert suspicions(content, _table(content)) == (
        CsvProblem(
            'A quotation mark (") opens in this cell and is closed only in a later row, so that it holds '
            "1 more line of the file: close it, or write it twice if it belongs to the text.",
            "",
            row=1,
            column="display name",
            value="one,first,\nx,two",
        ),
    )


def test_a_quotation_mark_that_opens_in_the_headers_is_named_there():
    content = f"{HEADERS.replace('description', chr(34) + 'description')}\nx,one,first,\n"

    assert [(found.row, found.column) for found in suspicions(content, _table(content))] == [
        (0, "description,study id\nx,one,first,\n")
    ]


@pytest.mark.parametrize(
    ("rows", "row"),
    [('x,one,"of" pipes,\nx,two,,\n', 1), ('x,one,,\n\nx,"two" and ,"a half",\n', 2)],
)
def test_text_behind_a_closing_quotation_mark_is_named_with_its_row(rows: str, row: int):
    content = f"{HEADERS}\n{rows}"

    assert suspicions(content, _table(content)) == (
        CsvProblem(
            'In this row text follows a quotation mark (") that closes a cell; the marks would be lost, or '
            "rows run together: write each that belongs to the text twice, and put the cell in quotation "
            "marks.",
            "",
            row=row,
        ),
    )


@pytest.mark.parametrize("separator", ["\t", "|"])
def test_columns_that_commas_do_not_separate_are_refused_by_what_separates_them(separator: str):
    names = {"\t": "tabs", "|": "vertical bars"}
    with pytest.raises(ArgumentError) as failure:
        prepared(HEADERS.replace(",", separator))
    assert failure.value.message == (
        f"The columns of the CSV are separated by {names[separator]}; Provena reads commas only."
    )


@pytest.mark.parametrize("text", ["two\nlines", "a list:\n- one, two\n- three", 'said "so"\nand went', ""])
def test_a_cell_of_several_lines_that_is_written_properly_is_no_suspicion(text: str):
    out = StringIO()
    csv.writer(out).writerows([HEADERS.split(","), ["x", "one", text, ""], ["x", "two", "", ""]])

    assert suspicions(out.getvalue(), _table(out.getvalue())) == ()


def test_a_nul_character_is_named_with_its_cell():
    content = f"{HEADERS}\nx,one,bro\0ken,\n"

    assert [(found.row, found.column) for found in suspicions(content, _table(content))] == [
        (1, "description")
    ]


@pytest.mark.parametrize("line", ["sep=,\n", '"sep=,"\r\n', "SEP=,,,,\n"])
def test_the_separator_line_of_a_spreadsheet_is_passed_over(line: str):
    assert prepared(f"{line}a,b\n1,2\n") == b"a,b\n1,2\n"


def test_columns_at_the_right_end_that_hold_nothing_are_dropped():
    assert _table("a,b,,,\n1,2,,,\n3,,,,\n") == CsvTable(
        ("a", "b"), (CsvRow(1, ("1", "2")), CsvRow(2, ("3", "")))
    )


def test_columns_without_a_header_that_hold_something_stay_and_are_named():
    table = read_table(prepared("a,b,,,\n1,2,,5,\n"))

    assert isinstance(table, CsvProblem)
    assert table.message == "The columns 3, 4 have no header: delete them, or give each its own."


def test_a_title_above_the_headers_is_told_from_headers_that_repeat():
    table = read_table(prepared(f"Spring tides 2021,,,\n{HEADERS}\nx,one,,\n"))

    assert isinstance(table, CsvProblem)
    assert table.message == "The headers are in line 2: delete what is above."


def test_a_title_in_one_cell_is_told_from_headers_that_lack_the_template():
    (problem,) = convert(_table(f"Spring tides 2021\n{HEADERS}\nx,one,,\n"), {}).problems

    assert problem.message == "The headers are in row 1 below the first line: delete what is above them."


@pytest.mark.parametrize("header", ["workflow template id x/1", "Workflow_Template_ID: x/1"])
def test_a_first_header_that_is_nearly_right_is_named_with_what_it_should_be(header: str):
    (problem,) = convert(_table(f"{header},display name\nx,one\n"), {}).problems

    assert problem.message == f"The column {header!r} should be called '_workflow template id x/1'."


FOREIGN = {
    "an RO-Crate": b'{"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": []}',
    "a W3C PROV document (PROV-JSON)": b'{"prefix": {}, "entity": {}, "used": {}}',
    "a file of OpenLineage events": b'{"eventType": "START", "run": {}, "job": {}}\n{"eventType": "X"}\n',
    "a file of Flowcept tasks": b'[{"task_id": "1", "workflow_id": "2", "used": {}}]',
    "a dump of Provena's registry": b'[{"id": "x/1", "item_payload": {}, "lock_payload": {}}]',
    "a file of Provena registry items": b'{"items": [{"item_subtype": "DATASET"}]}',
    "a model run record (JSON)": b'{"workflow_template_id": "x/1", "inputs": []}',
    "a JSON file": b'["a", "b"]',
    "a PDF": b"%PDF-1.7 ...",
    "a web page (HTML)": b"<!DOCTYPE html><html>Sign in</html>",
    "a W3C PROV document (PROV-N)": b"document\n  prefix ex <http://example.org/>\n  entity(ex:a)\n",
    "an RDF file (Turtle)": b"@prefix prov: <http://www.w3.org/ns/prov#> .\n",
    "an Excel workbook (.xlsx)": b"PK\x03\x04 [Content_Types].xml PK\x03\x04 xl/workbook.xml cut off",
    "a zip archive": b"PK\x03\x04 not really one",
}


@pytest.mark.parametrize(("name", "content"), FOREIGN.items(), ids=FOREIGN)
def test_a_file_of_another_format_is_called_by_its_name(name: str, content: bytes):
    with pytest.raises(ArgumentError) as failure:
        prepared(content)
    assert failure.value.message == f"This is {name}, not a CSV of model runs."


def test_a_workbook_is_told_from_other_archives():
    workbook = BytesIO()
    with zipfile.ZipFile(workbook, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(ArgumentError) as failure:
        prepared(workbook.getvalue())
    assert failure.value.message == "This is an Excel workbook (.xlsx), not a CSV of model runs."
    assert (
        failure.value.advice == "In Excel save the sheet as 'CSV UTF-8 (comma delimited)' and give that file."
    )
