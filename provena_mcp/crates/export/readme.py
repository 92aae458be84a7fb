"""The README of a crate: what is in it, and what is not and why, for people without any software."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from provena_mcp.crates.export.item_entities import iso_time
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.recorded_runs import LeftOut
from provena_mcp.rules.text import clean, plural

README: Final = "README.md"
_NAME: Final = 300
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#+|!~&]|^-)")


def readme(provenance: RegisteredProvenance, left_out: Sequence[LeftOut]) -> bytes:
    """The Markdown file; names stand in it as text, whatever they hold."""
    return ("\n".join(_lines(provenance, left_out)) + "\n").encode()


def in_markdown(text: str) -> str:
    """One line of text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", clean(text, _NAME))


def _lines(provenance: RegisteredProvenance, left_out: Sequence[LeftOut]) -> Iterator[str]:
    about = provenance.about
    yield f"# Provenance of {in_markdown(about.display_name or about.id)}"
    yield ""
    hops = plural(provenance.depth, "hop")
    yield f"How {in_markdown(about.id)} came to be, as its registry says, {hops} upstream."
    yield "`ro-crate-metadata.json` says it for software (RO-Crate 1.1)."
    yield ""
    yield "## Runs, earliest first"
    yield ""
    for run in provenance.runs:
        model = provenance.model_of(run)
        software = provenance.name_of(model) if model else "software that could not be read"
        version = run.record.model_version
        yield (
            f"- {iso_time(run.record.start_time) or 'at a time that is none'}: "
            f"{in_markdown(run.record.display_name)} ({in_markdown(run.id)}), "
            f"{in_markdown(software)}{' ' + in_markdown(version) if version else ''}, "
            f"by {in_markdown(provenance.name_of(run.record.associations.modeller_id))}"
        )
    if not provenance.runs:
        yield "None is recorded."
    yield ""
    yield "## Datasets"
    yield ""
    for dataset in provenance.datasets:
        origin = "made by a run above" if dataset in provenance.made else "made by none of these runs"
        yield f"- {in_markdown(provenance.name_of(dataset))} ({in_markdown(dataset)}): {origin}"
    yield ""
    yield "## Not in here"
    yield ""
    for each in left_out:
        yield f"- {in_markdown(each.what)}: {in_markdown(each.why)}"
