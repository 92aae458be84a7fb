"""A citation as a ``CITATION.cff`` file (Citation File Format 1.2.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from provena_mcp.citations.works import Citation, CitedWork, Contributor, in_words

_UNKNOWN: Final[JsonValue] = {"name": "Unknown"}
_MESSAGE: Final = "If you use this, please cite it, and what it rests on (references)."
_INCOMPLETE: Final = " The references are not complete: parts of the lineage could not be read."


def as_citation_file(citation: Citation) -> str:
    """The text of the file, which is YAML."""
    import yaml

    return str(
        yaml.safe_dump(  # pyright: ignore[reportUnknownMemberType]  # its stubs leave a width open
            _document(citation), sort_keys=False, allow_unicode=True, width=100
        )
    )


def _document(citation: Citation) -> dict[str, JsonValue]:
    work = citation.work
    stated = f" Its owners ask for: {work.preferred}" if work.preferred else ""
    document: dict[str, JsonValue] = {
        "cff-version": "1.2.0",
        "message": _MESSAGE + ("" if citation.is_complete else _INCOMPLETE) + stated,
        "type": "dataset",
        **_common(work),
        "identifiers": [{"type": "other", "value": f"hdl:{work.handle}", "description": "Handle"}],
        "keywords": [*work.keywords],
        "references": [_reference(each) for each in (*citation.results, *citation.sources)],
    }
    return _with_values(document)


def _common(work: CitedWork) -> dict[str, JsonValue]:
    return {
        "title": work.title,
        "authors": [_someone(each) for each in work.authors] or [_UNKNOWN],
        "abstract": work.description,
        "version": work.version,
        "date-released": work.day,
        "doi": work.doi,
        "url": work.url,
        "license-url": work.licence,
        "repository-code": work.source_code,
    }


def _reference(work: CitedWork) -> JsonValue:
    return _with_values(
        {
            "type": "software" if work.kind == "software" else "data",
            **_common(work),
            "publisher": {"name": work.publisher} if work.publisher else None,
            "year": int(work.year) if work.year else None,
            "notes": "; ".join(_notes(work)),
        }
    )


def _notes(work: CitedWork) -> Iterator[str]:
    yield f"Handle {work.handle}"
    yield from (f"{someone.name} {in_words(part, 'it')}" for part, someone in work.contributions)
    if work.preferred:
        yield f"Preferred citation: {work.preferred}"


def _someone(someone: Contributor) -> JsonValue:
    if not someone.is_person:
        return {"name": someone.name}
    names: dict[str, JsonValue] = {"given-names": someone.given, "family-names": someone.family}
    named = names if someone.given or someone.family else {"alias": someone.name}
    return _with_values({**named, "orcid": someone.orcid})


def _with_values(entries: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in entries.items() if value not in (None, "") and value != []}
