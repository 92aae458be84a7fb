"""What a close-out report says, read from its .docx file (provena-http 9.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError

from pydantic import Field

from provena_mcp.errors import ArgumentError, MalformedAnswerError
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TEXT: Final = 500
# The longest reports have a few megabytes and some hundred thousand tags.
_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_TAGS: Final = 500_000
_MOST_MEMBERS: Final = 1_000

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LINK_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PROPERTIES: Final = f"{_W}pPr"
_PARAGRAPH: Final = f"{_W}p"
_STYLES: Final = "word/styles.xml"
_LINKS: Final = "word/_rels/document.xml.rels"
# RuntimeError is what an archive with a password raises, SyntaxError what is no XML.
_UNREADABLE: Final = (
    BadZipFile, EOFError, KeyError, RuntimeError, SyntaxError, ValueError, ZlibError,
)  # fmt: skip
_SPACE: Final = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


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

    The time it takes is bounded by the size of what is read, whatever the file says of styles and spans.

    Raises:
        MalformedAnswerError: It cannot be read as a document, or is far larger than any report.
    """
    try:
        document = _Document.unpacked(content)
    except _UNREADABLE as error:
        raise MalformedAnswerError(
            "The report is not a document that can be read.",
            advice="Save it with save_as and open it, or generate it again.",
        ) from error
    styled = [(document.style_of(paragraph), paragraph) for paragraph in document.body.iterfind(_PARAGRAPH)]
    titles = [_text(paragraph) for style, paragraph in styled if style == "title"]
    headings = [_text(paragraph) for style, paragraph in styled if style.startswith("heading")]
    return ReportOutline(
        title=titles[0] if titles else None,
        heading=headings[0] if headings else None,
        sections=tuple(
            _section(document, cells)
            for row in document.body.iterfind(f"{_W}tbl/{_W}tr")
            if (cells := row.findall(f"{_W}tc"))
        ),
    )


@dataclass(frozen=True, slots=True)
class _Document:
    """The body of a document, the names of its styles by id, and where its links lead, by id."""

    body: Element
    styles: Mapping[str, str]
    links: Mapping[str, str]

    @classmethod
    def unpacked(cls, content: bytes) -> _Document:
        # Each member has an entry in the directory, which is read whole when the file is opened.
        if content.count(b"PK\x01\x02") > _MOST_MEMBERS:
            raise ValueError("too many members")
        with ZipFile(BytesIO(content)) as archive:
            body = _part(archive, "word/document.xml").find(f"{_W}body")
            if body is None:
                raise ValueError("a document without a body")
            names = archive.namelist()
            styles = _part(archive, _STYLES).iterfind(f"{_W}style") if _STYLES in names else ()
            links = _part(archive, _LINKS) if _LINKS in names else ()
        return cls(
            body,
            {each.get(f"{_W}styleId", ""): _value(each.find(f"{_W}name")) for each in styles},
            {each.get("Id", ""): each.get("Target", "") for each in links},
        )

    def style_of(self, paragraph: Element) -> str:
        """The name of a paragraph's style, in small letters: programs write it in either."""
        stated = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        return self.styles.get(stated, "").casefold()


def _part(archive: ZipFile, name: str) -> Element:
    from xml.etree.ElementTree import fromstring

    member = archive.getinfo(name)
    # Other methods unpack as much as they like at once.
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError("packed in another way than documents are")
    with archive.open(member) as packed:
        content = packed.read(_MOST_BYTES + 1)
    text = content.decode("utf-8")
    if len(content) > _MOST_BYTES or text.count("<") > _MOST_TAGS or "<!" in text.replace("<!--", ""):
        raise ValueError("far larger than any report, or with declarations that documents do not have")
    return fromstring(text)  # nothing is declared in it that could expand


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(f"{_W}val", "")


def _section(document: _Document, cells: Sequence[Element]) -> OutlineSection:
    label, *rest = cells
    paragraphs = [paragraph for cell in rest for paragraph in cell.iterfind(_PARAGRAPH)]
    found = [_item(document, paragraph) for paragraph in paragraphs]
    items = tuple(item for item in found if item)
    other = [_text(each) for each, item in zip(paragraphs, found, strict=True) if not item]
    return OutlineSection(
        title=clean("\n".join(map(_written, label.iterfind(_PARAGRAPH))), NAME_LENGTH),
        count=None if any(other) else len(items),
        items=items or None,
        text="\n".join(filter(None, other)) or None,
    )


def _item(document: _Document, paragraph: Element) -> OutlineItem | None:
    """The item of a paragraph ``Dataset: <name>, <handle as a link>``."""
    links = paragraph.findall(f"{_W}hyperlink")
    if not links:
        return None
    try:
        handle = parse_handle(document.links.get(links[-1].get(_LINK_ID, ""), ""))
    except ArgumentError:
        return None
    before = _written(paragraph).strip().removesuffix(_written(links[-1])).rstrip().removesuffix(",")
    kind, _, name = before.partition(": ")
    return OutlineItem(id=handle, name=clean(name, NAME_LENGTH), type=clean(kind, NAME_LENGTH) or None)


def _text(paragraph: Element) -> str:
    return clean(_written(paragraph), _TEXT)


def _written(element: Element) -> str:
    """The text of a paragraph or a link as it is read."""
    parts = (part for child in element if child.tag != _PROPERTIES for part in child.iter())
    return "".join(
        _SPACE.get(part.tag, part.text or "") for part in parts if part.tag in _SPACE or part.tag == f"{_W}t"
    )


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
