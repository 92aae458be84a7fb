"""What is read of a report's document: all its items, and never at more cost than its size."""

import io
import time
import tracemalloc
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


def read_with(style_count: int) -> float:
    """Seconds of processor time that many paragraphs of the last of so many styles take."""
    styles = "".join(
        f'<w:style w:styleId="s{number}"><w:name w:val="Style"/></w:style>' for number in range(style_count)
    )
    content = packed(f'<w:p><w:pPr><w:pStyle w:val="s{style_count - 1}"/></w:pPr></w:p>' * 5_000, styles)
    begun = time.process_time()
    read_outline(content)
    return time.process_time() - begun


def test_the_style_of_a_paragraph_is_not_searched_for_among_all():
    # Searched for, thousands would take dozens of times as long as two.
    assert min(read_with(5_000) for _ in range(3)) < 6 * min(read_with(2) for _ in range(3))


def test_a_document_is_not_unpacked_beyond_what_a_report_may_have():
    content = packed(" " * 120_000_000)
    tracemalloc.start()
    with pytest.raises(MalformedAnswerError):
        read_outline(content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 80_000_000


@pytest.mark.parametrize(("members", "is_read"), [(900, True), (1_000, False)])
def test_a_document_of_more_members_than_any_report_has_is_not_opened(members: int, is_read: bool):
    content = io.BytesIO(packed("<w:p/>"))
    with zipfile.ZipFile(content, "a") as archive:
        for number in range(members):
            archive.writestr(str(number), "")
    if is_read:
        assert read_outline(content.getvalue()).sections == ()
    else:
        with pytest.raises(MalformedAnswerError):
            read_outline(content.getvalue())


def test_a_document_that_declares_what_expands_is_not_read():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        declared = '<!DOCTYPE w [<!ENTITY a "wide"><!ENTITY b "&a;&a;&a;">]>'
        opened = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        archive.writestr(
            "word/document.xml", f"{declared}<w:document {opened}><w:body>&b;</w:body></w:document>"
        )
    with pytest.raises(MalformedAnswerError):
        read_outline(content.getvalue())


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
