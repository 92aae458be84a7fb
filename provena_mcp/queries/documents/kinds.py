"""Media types of documents, apart from what makes them, so that listing them needs nothing of that."""

from __future__ import annotations

from typing import Final, Literal

JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown"
MERMAID: Final = "text/vnd.mermaid"
HTML: Final = "text/html"
SVG: Final = "image/svg+xml"
CSV: Final = "text/csv"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

ProvFormat = Literal["json", "provn", "ttl"]

PROV_TYPES: Final[dict[ProvFormat, str]] = {
    "json": "application/json",
    "provn": "text/provenance-notation",
    "ttl": "text/turtle",
}

USUAL_DEPTH: Final = "3"
"""Hops of a lineage or a diagram whose URI names none."""
