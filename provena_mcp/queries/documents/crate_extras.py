"""Optional files that are added to a crate: its runs as PROV, the close-out report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final, Literal, get_args

from anyio import to_thread

from provena_mcp.crates.export.item_entities import handle_url
from provena_mcp.crates.export.provenance_crate import CrateFile
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.documents.kinds import DOCX, PROV_TYPES
from provena_mcp.queries.documents.prov_documents import asserted_prov_json, render_prov
from provena_mcp.queries.documents.reports import MAX_DEPTH, ReportId, report_subtype
from provena_mcp.queries.items.reader import Reader

Extra = Literal["prov", "report"]
WriteReport = Callable[[ReportId], Awaitable[bytes]]

REPORT: Final = "report.docx"


def extras_named(text: str) -> frozenset[Extra]:
    """What ``text`` names, separated by commas.

    Raises:
        ArgumentError: There is nothing of the kind.
    """
    words = {word.strip() for word in text.split(",") if word.strip()}
    known: tuple[Extra, ...] = get_args(Extra)
    if unknown := sorted(words.difference(known)):
        raise ArgumentError(
            f"beside takes {' and '.join(known)}, not {unknown[0][:40]!r}.", parameter="beside"
        )
    return frozenset(each for each in known if each in words)


async def files_beside(
    reader: Reader, provenance: RegisteredProvenance, wanted: Collection[Extra], write_report: WriteReport
) -> list[CrateFile]:
    """The files that are ``wanted`` beside the crate of ``provenance``.

    Raises:
        ArgumentError: A report on a dataset.
        ProvenaError: Provena could not make one of them.
    """
    files: list[CrateFile] = []
    about = provenance.about
    if "prov" in wanted:
        for number, run in enumerate(provenance.runs, start=1):
            stored = await asserted_prov_json(reader.client.registry, run.id)
            content = await to_thread.run_sync(render_prov, stored, "json")
            name = f"PROV of {run.display_name or run.id}"
            path = f"prov/run-{number}.json"
            files.append(CrateFile(path, content.encode(), PROV_TYPES["json"], name, handle_url(run.id)))
    if "report" in wanted:
        report = ReportId(about.id, report_subtype(about.item_subtype), MAX_DEPTH)
        content = await write_report(report)
        files.append(CrateFile(REPORT, content, DOCX, "Close-out report", handle_url(about.id)))
    return files
