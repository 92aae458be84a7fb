"""What is read of a report's document: all its items, and never at more cost than its size."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.queries.documents.report_outline import read_outline
from tests.recordings.recorded import RECORDINGS


def packed(body: str, styles: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A document of this body and these styles, as programs pack them."""
    opened = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("word/document.xml", f"<w:document {opened}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", f"<w:styles {opened}>{styles}</w:styles>")
    return content.getvalue()


STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="s{number}"><w:name w:val="Style {number}"/></w:style>'
    for number in range(2_000)
)
WIDE = '<w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr>'


@pytest.mark.parametrize(
    ("written", "sections"),
    [
        (lambda: packed('<w:p><w:pPr><w:pStyle w:val="s1999"/></w:pPr></w:p>' * 20_000, STYLES), 0),
        (lambda: packed(f"<w:tbl><w:tr><w:tc>{WIDE}<w:p/></w:tc></w:tr></w:tbl>"), 1),
        (
            lambda: packed(
                "<w:tbl>" + "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr></w:tc></w:tr>" * 5_000 + "</w:tbl>"
            ),
            5_000,
        ),
        (lambda: packed("<w:sdt>" * 100_000 + "</w:sdt>" * 100_000), 0),
        (lambda: packed("<w:p/>" * 600_000), None),
        (lambda: packed(" " * 17_000_000), None),
        (lambda: packed(" " * 17_000_000, method=zipfile.ZIP_LZMA), None),
        (lambda: packed("<!DOCTYPE x>"), None),
        (lambda: packed("")[:-60], None),
        (lambda: b"PK\x01\x02" * 2_000, None),
    ],
    ids=["styles", "spans", "merged", "deep", "tags", "spaces", "method", "declared", "cut", "members"],
)
def test_no_report_costs_more_to_read_than_its_size(written: Callable[[], bytes], sections: int | None):
    """Read without a bound, most of these take minutes or all of the memory."""
    content = written()
    assert len(content) < 80_000
    if sections is None:
        with pytest.raises(MalformedAnswerError):
            read_outline(content)
    else:
        assert len(read_outline(content).sections) == sections


REPORTS: dict[str, tuple[str, list[int | None]]] = {
    "report_run5_d1_reader": ("Report for Model Run: R5 Decision baseline (diamond)", [None, 3, 1, 1]),
    "report_run5_d3": ("Report for Model Run: R5 Decision baseline (diamond)", [None, 6, 3, 1]),
    "report_study_d1": ("Report for Study: Reef Futures 2030", [None, 15, 16, 11]),
    "report_study_d3": ("Report for Study: Reef Futures 2030", [None, 15, 16, 11]),
}


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("report_*.docx")), ids=lambda file: file.stem)
def test_the_outline_of_a_recorded_report_names_all_its_items(file: Path):
    heading, counts = REPORTS[file.stem]
    content = file.read_bytes()
    outline = read_outline(content)
    assert outline.heading == heading
    assert [section.count for section in outline.sections] == counts
    document = docx.Document(io.BytesIO(content))
    linked = [
        link.text
        for row in document.tables[0].rows
        for paragraph in row.cells[1].paragraphs
        for link in paragraph.hyperlinks
    ]
    assert [item.id for section in outline.sections for item in section.items or ()] == linked
