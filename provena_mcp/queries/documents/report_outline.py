"""What a close-out report says, read from its .docx file (provena-http 9.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

from pydantic import Field

from provena_mcp.errors import ArgumentError, MalformedAnswerError
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from docx.document import Document as Docx
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_TEXT: Final = 500


class OutlineItem(Brief):
    """An item that a report names."""

    id: str
    name: str
    type: str | None = Field(default=None, description="Dataset, Model or Model Run.")


class OutlineSection(Brief):
    """A row of the report's table."""

    title: str
    count: int | None = Field(default=None, description="Items in the report; fewer may be shown.")
    items: tuple[OutlineItem, ...] | None = None
    text: str | None = None


class ReportOutline(Brief):
    """A report as far as it can be read without opening the file."""

    title: str | None = None
    heading: str | None = None
    sections: tuple[OutlineSection, ...] = ()

    def clipped(self, items: int) -> ReportOutline:
        """The same with at most ``items`` of each section."""
        return self.model_copy(update={"sections": tuple(_clipped(each, items) for each in self.sections)})

    def as_text(self) -> str:
        """The whole outline as lines of text."""
        return "\n".join(_lines(self)) + "\n"


def read_outline(content: bytes) -> ReportOutline:
    """The outline of a .docx file; of one that is laid out otherwise, as far as it has tables and headings.

    Raises:
        MalformedAnswerError: It cannot be read as a document.
    """
    import docx
    from docx.opc.exceptions import OpcError

    try:
        document = docx.Document(BytesIO(content))
    except (OpcError, SyntaxError, BadZipFile, KeyError, ValueError) as error:
        raise MalformedAnswerError(
            "The report is not a document that can be read.",
            advice="Save it with save_as and open it, or generate it again.",
        ) from error
    return _outline(document)


def _outline(document: Docx) -> ReportOutline:
    styled = [
        (paragraph.style.name if paragraph.style else "", paragraph) for paragraph in document.paragraphs
    ]
    titles = [_text(each) for style, each in styled if style == "Title"]
    headings = [_text(each) for style, each in styled if style and style.startswith("Heading")]
    return ReportOutline(
        title=titles[0] if titles else None,
        heading=headings[0] if headings else None,
        sections=tuple(section for table in document.tables for section in _sections(table)),
    )


def _sections(table: Table) -> Iterator[OutlineSection]:
    for row in table.rows:
        label, *rest = row.cells
        yield _section(label.text, [paragraph for cell in rest for paragraph in cell.paragraphs])


def _section(label: str, paragraphs: Sequence[Paragraph]) -> OutlineSection:
    found = [_item(paragraph) for paragraph in paragraphs]
    items = tuple(item for item in found if item)
    other = [_text(each) for each, item in zip(paragraphs, found, strict=True) if not item]
    return OutlineSection(
        title=clean(label, NAME_LENGTH),
        count=None if any(other) else len(items),
        items=items or None,
        text="\n".join(filter(None, other)) or None,
    )


def _item(paragraph: Paragraph) -> OutlineItem | None:
    """The item of a paragraph ``Dataset: <name>, <handle as a link>``."""
    links = paragraph.hyperlinks
    if not links:
        return None
    try:
        handle = parse_handle(links[-1].address)
    except ArgumentError:
        return None
    before = paragraph.text.strip().removesuffix(links[-1].text).rstrip().removesuffix(",")
    kind, _, name = before.partition(": ")
    return OutlineItem(id=handle, name=clean(name, NAME_LENGTH), type=clean(kind, NAME_LENGTH) or None)


def _text(paragraph: Paragraph) -> str:
    return clean(paragraph.text, _TEXT)


def _clipped(section: OutlineSection, items: int) -> OutlineSection:
    return section.model_copy(update={"items": section.items[:items] if section.items else None})


def _lines(outline: ReportOutline) -> Iterator[str]:
    yield from filter(None, (outline.title, outline.heading))
    for section in outline.sections:
        yield f"\n{section.title}" + ("" if section.count is None else f" ({section.count})")
        if section.text:
            yield section.text
        for item in section.items or ():
            yield f"- {item.type}: {item.name} [{item.id}]"
