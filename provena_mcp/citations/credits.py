"""Who is to be credited for a result, and for what, in words: with CRediT's roles where they map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provena_mcp.citations.works import Citation, CitedWork, Contributor, Part, in_words
from provena_mcp.crates.export.readme import in_markdown

_NAMED: Final = 5


def as_credits(citation: Citation) -> str:
    """A Markdown text: what to cite, then whom to credit."""
    return "\n".join(_lines(citation)) + "\n"


def credits_of(citation: Citation) -> dict[Contributor, dict[Part, list[CitedWork]]]:
    """What each contributor did for which of the works, over all of them."""
    found: dict[Contributor, dict[Part, list[CitedWork]]] = {}
    for work in citation.works:
        for part, someone in work.contributions:
            found.setdefault(someone, {}).setdefault(part, []).append(work)
    return found


def _lines(citation: Citation) -> Iterator[str]:
    yield f"# To cite for {in_markdown(citation.work.title)}"
    yield ""
    yield f"- {_line(citation.work)}"
    yield from (f"- {_line(each)}" for each in citation.results)
    yield ""
    yield "## What it rests on"
    yield ""
    yield from (f"- {_line(each)}" for each in citation.sources)
    if not citation.sources:
        yield "Nothing is recorded."
    yield ""
    yield "## Whom to credit"
    yield ""
    for someone, parts in credits_of(citation).items():
        orcid = f" ({someone.orcid})" if someone.orcid else ""
        yield f"- {in_markdown(someone.name)}{orcid}: {'; '.join(_parts(parts))}"
    if not citation.is_complete:
        yield ""
        yield "Parts of the lineage could not be read: there may be others."


def _parts(parts: dict[Part, list[CitedWork]]) -> Iterator[str]:
    for part, works in parts.items():
        titles = ", ".join(f'"{in_markdown(work.title)}"' for work in works[:_NAMED])
        more = f" and {len(works) - _NAMED} more" if len(works) > _NAMED else ""
        yield in_words(part, titles + more)


def _line(work: CitedWork) -> str:
    authors = "; ".join(in_markdown(each.name) for each in work.authors) or "authors not recorded"
    version = f", version {in_markdown(work.version)}" if work.version else ""
    publisher = f" {in_markdown(work.publisher)}." if work.publisher else ""
    preferred = f" Its owners ask for: {in_markdown(work.preferred)}" if work.preferred else ""
    title = in_markdown(work.title)
    return f"{authors} ({work.year or 'no date'}). {title}{version}.{publisher} {work.url}.{preferred}"
