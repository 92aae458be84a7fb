"""A citation as DataCite metadata, in the JSON of schema 4.5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

from provena_mcp.citations.works import Citation, CitedWork, Contributor, Part, WorkKind
from provena_mcp.crates.export.item_entities import handle_url
from provena_mcp.rules.items.licences import short_licence

SCHEMA: Final = "http://datacite.org/schema/kernel-4"
# DataCite's own words for what is not known.
_UNKNOWN: Final = ":unkn"
_UNAVAILABLE: Final = ":unav"
_TYPES: Final[dict[WorkKind, tuple[str, str]]] = {
    "dataset": ("Dataset", "Dataset"),
    "software": ("Software", "Software"),
    "run": ("Other", "Model run"),
    "study": ("Other", "Study"),
}
_CONTRIBUTOR_TYPES: Final[dict[Part, str]] = {
    "keeps": "DataManager",
    "requested": "Sponsor",
    "registered": "Other",
    "owns": "RightsHolder",
}


def as_datacite(citation: Citation) -> str:
    """The JSON document; the handle is among the alternate identifiers."""
    return to_json(_document(citation), indent=1).decode()


def _document(citation: Citation) -> dict[str, JsonValue]:
    work = citation.work
    general, particular = _TYPES[work.kind]
    document: dict[str, JsonValue] = {
        "schemaVersion": SCHEMA,
        "doi": work.doi,
        "alternateIdentifiers": [
            {"alternateIdentifier": handle_url(work.handle), "alternateIdentifierType": "Handle"}
        ],
        "types": {"resourceTypeGeneral": general, "resourceType": particular},
        "creators": [_someone(each) for each in work.authors] or [{"name": _UNKNOWN}],
        "titles": [{"title": work.title}],
        "publisher": {"name": work.publisher or _UNAVAILABLE},
        "publicationYear": work.year or "0000",
        "url": handle_url(work.handle),
        "version": work.version,
        "subjects": [{"subject": each} for each in work.keywords],
        "dates": [{"date": work.day, "dateType": "Issued" if work.kind == "dataset" else "Created"}]
        if work.day
        else [],
        "contributors": [*_contributors(work)],
        "descriptions": [*_descriptions(work)],
        "rightsList": [{"rights": short_licence(work.licence), "rightsUri": work.licence}]
        if work.licence
        else [],
        "relatedIdentifiers": [*_related(citation)],
    }
    return {name: value for name, value in document.items() if value is not None and value != []}


def _someone(someone: Contributor) -> dict[str, JsonValue]:
    if not someone.is_person:
        return {"name": someone.name, "nameType": "Organizational"}
    parted = bool(someone.given and someone.family)
    described: dict[str, JsonValue] = {
        "name": f"{someone.family}, {someone.given}" if parted else someone.name,
        "nameType": "Personal",
        "givenName": someone.given,
        "familyName": someone.family,
    }
    if someone.orcid:
        described["nameIdentifiers"] = [
            {
                "nameIdentifier": someone.orcid,
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org/",
            }
        ]
    return {name: value for name, value in described.items() if value is not None}


def _contributors(work: CitedWork) -> Iterator[JsonValue]:
    for part, someone in work.contributions:
        if part in _CONTRIBUTOR_TYPES:
            yield {**_someone(someone), "contributorType": _CONTRIBUTOR_TYPES[part]}


def _descriptions(work: CitedWork) -> Iterator[JsonValue]:
    if work.description:
        yield {"description": work.description, "descriptionType": "Abstract"}
    if work.preferred:
        yield {"description": f"Preferred citation: {work.preferred}", "descriptionType": "Other"}


def _related(citation: Citation) -> Iterator[JsonValue]:
    relations = {(work.handle, work.doi): "Compiles" for work in citation.results}
    for work in citation.sources:
        relation = "IsCompiledBy" if work.kind == "software" else "IsDerivedFrom"
        relations.setdefault((work.handle, work.doi), relation)
    for (handle, doi), relation in relations.items():
        yield {
            "relatedIdentifier": doi or handle_url(handle),
            "relatedIdentifierType": "DOI" if doi else "Handle",
            "relationType": relation,
        }
