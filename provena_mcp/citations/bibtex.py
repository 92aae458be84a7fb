"""A citation as BibTeX: one entry for the result, and one for each thing that it rests on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from provena_mcp.citations.works import Citation, CitedWork, Contributor, WorkKind

_KINDS: Final[dict[WorkKind, str]] = {
    "dataset": "Dataset",
    "software": "Software",
    "run": "Model run",
    "study": "Study",
}
# Braces are counted even where a backslash stands before them, so they are spelled out; the rest is TeX's.
_SPELLED: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_"},
    }
)
_AND: Final = re.compile(r"\s(and)\s", re.IGNORECASE)


def as_bibtex(citation: Citation) -> str:
    """The text of a ``.bib`` file, in UTF-8."""
    return "\n".join(_entry(work) for work in citation.works)


def in_tex(text: str) -> str:
    """``text`` so that TeX prints it as it is and its braces are even; letters of all scripts stay."""
    return text.translate(_SPELLED)


def _entry(work: CitedWork) -> str:
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in _fields(work) if value)
    return f"@misc{{{_key(work)}{lines}\n}}\n"


def _fields(work: CitedWork) -> Iterator[tuple[str, str | None]]:
    # The second pair of braces keeps capital letters.
    yield "title", f"{{{in_tex(work.title)}}}"
    yield "author", " and ".join(map(_name, work.authors))
    yield "year", work.year
    yield "howpublished", _KINDS[work.kind]
    yield "publisher", in_tex(work.publisher) if work.publisher else None
    yield "version", in_tex(work.version) if work.version else None
    yield "doi", work.doi
    # Not spelled: the url command takes it as it is, and the address is percent-encoded.
    yield "url", work.url
    yield "note", "; ".join(_notes(work))


def _notes(work: CitedWork) -> Iterator[str]:
    yield in_tex(f"Handle {work.handle}")
    if work.preferred:
        yield in_tex(f"Preferred citation: {work.preferred}")
    if not work.authors:
        yield "authors not recorded"


def _name(someone: Contributor) -> str:
    """A name that no style takes apart: organisations are one word, people have a family name."""
    if someone.is_person and someone.family and someone.given:
        return f"{_word(someone.family)}, {_word(someone.given)}"
    return f"{{{in_tex(someone.name)}}}"


def _word(name: str) -> str:
    apart = "," in name or _AND.search(f" {name} ") is not None
    return f"{{{in_tex(name)}}}" if apart else in_tex(name)


def _key(work: CitedWork) -> str:
    """A key of its own, which stays the same: author, year, and the end of the handle."""
    author = work.authors[0] if work.authors else None
    name = (author.family or author.name) if author else work.kind
    parts = [_ascii(name)[:20] or work.kind, work.year or "", "-", _ascii(work.handle)]
    return "".join([*parts, "-" + _ascii(work.version) if work.kind == "software" and work.version else ""])


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded.lower())
