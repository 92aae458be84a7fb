"""How code cites docs/provena-http.md: "provena-http 5.5", "provena-http 7.3, 7.4", "provena-http B17"."""

from __future__ import annotations

import re

# A section or an oddity; several follow one another with ", ", " and " or " to ".
PLACE = r"(?:B\d+|\d+(?:\.\d+)?)"
# A line of a comment or docstring may end anywhere.
GAP = r"\s+(?:#\s+)?"
CITATION = re.compile(rf"\bprovena-http{GAP}({PLACE}(?:(?:,|{GAP}and|{GAP}to){GAP}{PLACE})*)")


def cited_places(text: str) -> set[str]:
    """The sections and oddities that a text cites."""
    return {place for places in CITATION.findall(text) for place in re.findall(PLACE, places)}
