"""Citations as documents: which formats there are, and what writes each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from provena_mcp.citations.bibtex import as_bibtex
from provena_mcp.citations.citation_file import as_citation_file
from provena_mcp.citations.credits import as_credits
from provena_mcp.citations.datacite import as_datacite
from provena_mcp.citations.works import Citation, citation_of
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.queries.documents.kinds import CitationFormat

CITATION_NAMES: Final[dict[CitationFormat, str]] = {
    "cff": "CITATION.cff",
    "bibtex": "citation.bib",
    "datacite": "datacite.json",
    "credits": "credits.txt",
}
_WRITTEN: Final[dict[CitationFormat, Callable[[Citation], str]]] = {
    "cff": as_citation_file,
    "bibtex": as_bibtex,
    "datacite": as_datacite,
    "credits": as_credits,
}


def written_citation(provenance: RegisteredProvenance, wanted: CitationFormat) -> str:
    """The citation of what ``provenance`` is about."""
    return _WRITTEN[wanted](citation_of(provenance))
