"""The one table of the kinds of documents, apart from what makes them: listing them needs nothing of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import (
    CITATION,
    CRATE,
    CSV_BATCH,
    CSV_TEMPLATE,
    DIAGRAM,
    DOSSIER,
    FIGURE,
    ITEM,
    LINEAGE,
    PACKED_CRATE,
    PICTURE,
    PROV,
    REPORT,
    template_in,
)
from provena_mcp.wire.subtypes import ItemSubtype

if TYPE_CHECKING:
    from provena_mcp.queries.documents.documents import Document, Documents

JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown"
MERMAID: Final = "text/vnd.mermaid"
HTML: Final = "text/html"
SVG: Final = "image/svg+xml"
CSV: Final = "text/csv"
JSON_LD: Final = "application/ld+json"
ZIP: Final = "application/zip"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

ProvFormat = Literal["json", "provn", "ttl"]

PROV_TYPES: Final[dict[ProvFormat, str]] = {
    "json": "application/json",
    "provn": "text/provenance-notation",
    "ttl": "text/turtle",
}

CitationFormat = Literal["cff", "bibtex", "datacite", "credits"]

CITATION_TYPES: Final[dict[CitationFormat, str]] = {
    "cff": "application/yaml",
    "bibtex": "application/x-bibtex",
    "datacite": "application/vnd.datacite.datacite+json",
    "credits": MARKDOWN,
}

FormatT = TypeVar("FormatT", bound=str)


def format_named(text: str, formats: Collection[FormatT], of: str) -> FormatT:
    """The one of ``formats`` that is called ``text``, for documents that are called ``of``.

    Raises:
        ArgumentError: There is none.
    """
    for known in formats:
        if known == text:
            return known
    raise ArgumentError(
        f"{text[:40]!r} is not a format of {of}.", parameter="format", advice=f"Use {', '.join(formats)}."
    )


ProvenanceOf = Literal["run", "study", "dataset"]

SUBTYPE_OF: Final[dict[ProvenanceOf, ItemSubtype]] = {
    "run": "MODEL_RUN",
    "study": "STUDY",
    "dataset": "DATASET",
}
"""What items that crates are made of are called in a URI."""

USUAL_DEPTH: Final = "3"
"""Hops of a lineage or a diagram whose URI names none."""

USUAL_CRATE_DEPTH: Final = "10"
"""Hops upstream of a crate or a citation whose URI names none."""

Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """Documents of one kind: their URI template, the words for it, and how one is made.

    Attributes:
        read: Makes the document that the variables of a URI name; those of its query may be absent.
        mime_type: None where it depends on the URI.
    """

    name: str
    uri_template: str
    title: str
    mime_type: str | None
    description: str
    read: Callable[[Documents, Variables], Awaitable[Document]]

    def names(self, uri: str) -> bool:
        """Whether a URI is one of this kind, as far as its template begins without variables."""
        return uri.startswith(self.uri_template.partition("{")[0])


def _prov_in(wanted: ProvFormat) -> DocumentKind:
    return DocumentKind(
        f"prov-{wanted}",
        template_in(PROV, wanted),
        f"PROV of a model run ({wanted})",
        PROV_TYPES[wanted],
        "A model run as a W3C PROV document.",
        lambda made, of: made.prov(wanted, of["id"]),
    )


def _citation_in(wanted: CitationFormat) -> DocumentKind:
    return DocumentKind(
        f"citation-{wanted}",
        template_in(CITATION, wanted),
        f"Citation ({wanted})",
        CITATION_TYPES[wanted],
        "Whom and what to cite for a run, study or dataset, over its whole lineage.",
        lambda made, of: made.citation(wanted, of["id"]),
    )


DOCUMENT_KINDS: Final[tuple[DocumentKind, ...]] = (
    DocumentKind(
        "item", ITEM, "Registry item", JSON, "One registry item.", lambda made, of: made.item(of["id"])
    ),
    DocumentKind(
        "lineage",
        LINEAGE,
        "Lineage graph",
        JSON,
        "The whole graph of a lineage query as node-link JSON.",
        lambda made, of: made.lineage(of["query"], of["id"], of.get("depth", USUAL_DEPTH)),
    ),
    DocumentKind(
        "diagram",
        DIAGRAM,
        "Lineage diagram",
        MERMAID,
        "A bounded Mermaid diagram of a lineage query, of an impact, or of the path to an item.",
        lambda made, of: made.diagram(of["query"], of["id"], of.get("depth"), of.get("to")),
    ),
    DocumentKind(
        "picture",
        PICTURE,
        "Picture of a lineage",
        HTML,
        "A page to look at: a lineage query, an impact, or the path to an item, drawn.",
        lambda made, of: made.picture(of["query"], of["id"], of.get("depth"), of.get("to")),
    ),
    DocumentKind(
        "figure",
        FIGURE,
        "Figure of a lineage",
        SVG,
        "The same as one still SVG, for papers and slides.",
        lambda made, of: made.figure(of["query"], of["id"], of.get("depth"), of.get("to")),
    ),
    # A template has one media type, so each format has a template of its own before the general one.
    *(_prov_in(wanted) for wanted in PROV_TYPES),
    DocumentKind(
        "prov",
        PROV,
        "PROV of a model run",
        None,
        f"A model run as a W3C PROV document; format is one of {', '.join(PROV_TYPES)}.",
        lambda made, of: made.prov(of["format"], of["id"]),
    ),
    DocumentKind(
        "crate",
        CRATE,
        "Crate of a run, study or dataset",
        JSON_LD,
        "Its lineage as a Provenance Run Crate: the ro-crate-metadata.json. kind is run, study or dataset.",
        lambda made, of: made.crate(of["kind"], of["id"], of.get("depth", USUAL_CRATE_DEPTH)),
    ),
    DocumentKind(
        "crate-zip",
        PACKED_CRATE,
        "Packed crate of a run, study or dataset",
        ZIP,
        "The same crate as a zip of all its files, to save; beside=prov,report adds those.",
        lambda made, of: made.packed_crate(
            of["kind"], of["id"], of.get("depth", USUAL_CRATE_DEPTH), of.get("beside", "")
        ),
    ),
    *(_citation_in(wanted) for wanted in CITATION_TYPES),
    DocumentKind(
        "citation",
        CITATION,
        "Citation",
        None,
        f"Whom and what to cite for a run, study or dataset; format is one of {', '.join(CITATION_TYPES)}.",
        lambda made, of: made.citation(of["format"], of["id"]),
    ),
    DocumentKind(
        "dossier",
        DOSSIER,
        "Dossier of a study or run",
        ZIP,
        "Crate, report, pictures, citations, audit and tables in one zip, to save for a reviewer.",
        lambda made, of: made.dossier(of["id"]),
    ),
    DocumentKind(
        "csv-template",
        CSV_TEMPLATE,
        "CSV template",
        CSV,
        "The CSV of a workflow template, one row per run to fill in.",
        lambda made, of: made.csv_template(of["workflow_template_id"]),
    ),
    DocumentKind(
        "csv-batch",
        CSV_BATCH,
        "Batch as CSV",
        CSV,
        "The runs of a batch as a CSV, with what became of each.",
        lambda made, of: made.csv_batch(of["batch_id"]),
    ),
    DocumentKind(
        "report",
        REPORT,
        "Close-out report",
        DOCX,
        "The report on a study or model run; made anew without the session_id of its job.",
        lambda made, of: made.report(of["item_subtype"], of["depth"], of["id"], of.get("session_id")),
    ),
)
"""All that can be read under ``provena://``, beside ``about`` and ``formats``."""
