"""The close-out report as a Word document (provena-http 9.1)."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol, cast

from provena_mcp.rules.report import TEAM_PLACEHOLDER, ReportContent, ReportEntry
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from docx.blkcntnr import BlockItemContainer
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_BLUE: Final = "0000FF"
_PURPLE: Final = "800080"
_LABEL_INCHES: Final = 1
_CONTENT_INCHES: Final = 10
_LONGEST_NAME: Final = 1000


class _Element(Protocol):
    """As much of an XML element as is used here."""

    def set(self, name: str, value: str) -> None: ...

    def append(self, child: object) -> None: ...

    def replace(self, old: object, new: object) -> None: ...

    def getparent(self) -> _Element: ...


def report_document(content: ReportContent) -> bytes:
    """The .docx file that says ``content``."""
    from docx import Document
    from docx.shared import RGBColor

    document = Document()
    document.add_heading(content.title, 0)
    heading = document.add_heading(level=1)
    heading.add_run(content.heading).font.color.rgb = RGBColor.from_string(_BLUE)
    _add_link(heading, _name(content.subject), content.subject.url, _PURPLE)
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    _add_row(table, "Modelling Team").paragraphs[0].add_run(TEAM_PLACEHOLDER).italic = True
    _add_entries(_add_row(table, "Inputs"), content.inputs)
    _add_entries(_add_row(table, "Model Runs"), content.model_runs)
    _add_entries(_add_row(table, "Outputs"), content.outputs)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def _add_row(table: Table, label: str) -> BlockItemContainer:
    from docx.shared import Inches

    left, right = table.add_row().cells
    left.width, right.width = Inches(_LABEL_INCHES), Inches(_CONTENT_INCHES)
    left.paragraphs[0].add_run(label).bold = True
    return right


def _add_entries(cell: BlockItemContainer, entries: Iterable[ReportEntry]) -> None:
    for entry in entries:
        paragraph = cell.add_paragraph()
        paragraph.add_run(entry.label).bold = True
        paragraph.add_run(f": {_name(entry)}, ")
        _add_link(paragraph, entry.id, entry.url, _BLUE)
        paragraph.add_run().add_break()


def _add_link(paragraph: Paragraph, text: str, url: str, colour: str) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import nsdecls, qn
    from docx.oxml.parser import parse_xml
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.font.color.rgb = RGBColor.from_string(colour)
    run.underline = True
    # python-docx reads hyperlinks and cannot add one: this puts the run into the element of one.
    link = cast("_Element", parse_xml(f"<w:hyperlink {nsdecls('w')}/>"))
    link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    element = cast("_Element", run.element)
    element.getparent().replace(element, link)
    link.append(element)


def _name(entry: ReportEntry) -> str:
    # XML has no place for control characters.
    return clean(entry.name, _LONGEST_NAME)
