"""A dossier of a study or run: what a reviewer opens without this software, and what is not in it and why."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from anyio import to_thread

from provena_mcp.crates.export.provenance_crate import NO_PLACE, provenance_crate
from provena_mcp.crates.export.readme import README
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.export.tables import datasets_table, runs_table
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.answers.audit import audit
from provena_mcp.queries.answers.audit_answer import AuditReproducibilityResult
from provena_mcp.queries.documents.citations import CITATION_NAMES, written_citation
from provena_mcp.queries.documents.crate_extras import REPORT, WriteReport, files_beside
from provena_mcp.queries.documents.dossier_index import Missing, Part, index_page, readme
from provena_mcp.queries.documents.reports import MAX_DEPTH, ReportId, report_subtype
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.wire.items import StudyItem

CHECKSUMS: Final = "SHA256SUMS"
_MOST_PICTURES: Final = 6
_AUDIT_TOKENS: Final = 100_000
_DEPTH: Final = "10"


class Drawn(Protocol):
    """A picture as a document."""

    @property
    def content(self) -> str | bytes:
        """The page, or the figure."""
        ...


Draw = Callable[[str, str, str], Awaitable[Drawn]]
"""Draws a query, from an item, so many hops deep."""


@dataclass(frozen=True)
class DossierSources:
    """What makes the parts of a dossier, as one caller."""

    reader: Reader
    cap: DepthCap
    now: Callable[[], float]
    page: Draw
    figure: Draw
    report: WriteReport


@dataclass
class _Dossier:
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    parts: list[Part] = field(default_factory=list[Part])
    missing: list[Missing] = field(default_factory=list[Missing])

    def add(self, path: str, content: str | bytes, says: str) -> None:
        self.files[path] = content.encode() if isinstance(content, str) else content
        self.parts.append(Part(path, says, len(self.files[path])))

    async def attempt(self, path: str, made: Awaitable[str | bytes], says: str) -> None:
        """Add a part that Provena may not be able to give."""
        try:
            self.add(path, await made, says)
        except ProvenaError as error:
            self.missing.append(Missing(says, error.message))


async def dossier_files(
    provenance: RegisteredProvenance, sources: DossierSources, made: date
) -> dict[str, bytes]:
    """All files of the dossier of a study or run, by path.

    Raises:
        ArgumentError: It is of neither.
        ProvenaError: A run could not be read as PROV.
    """
    about, dossier = provenance.about, _Dossier()
    report = ReportId(about.id, report_subtype(about.item_subtype), MAX_DEPTH)
    await dossier.attempt(REPORT, sources.report(report), "The close-out report, a Word file")
    await _add_audit(dossier, sources, about.id)
    await _add_pictures(dossier, sources, provenance)
    for format, name in CITATION_NAMES.items():
        written = await to_thread.run_sync(written_citation, provenance, format)
        dossier.add(f"citations/{name}", written, f"Whom and what to cite ({format})")
    dossier.add("tables/runs.csv", runs_table(provenance), "All runs, for spreadsheets")
    dossier.add("tables/datasets.csv", datasets_table(provenance), "All datasets, for spreadsheets")
    beside = await files_beside(sources.reader, provenance, ("prov",), sources.report)
    crate = await to_thread.run_sync(provenance_crate, provenance, made, beside)
    for path, content in crate.files.items():
        dossier.files[f"crate/{path}"] = content
    size = sum(map(len, crate.files.values()))
    dossier.parts.append(Part(f"crate/{README}", "The lineage as an RO-Crate, for software", size))
    absent = (*NO_PLACE, *provenance.left_out())
    dossier.missing.extend(Missing(each.what, each.why) for each in absent)
    return _with_index(dossier, about.display_name or about.id, about.id, made)


def _with_index(dossier: _Dossier, name: str, handle: str, made: date) -> dict[str, bytes]:
    files = {
        "index.html": index_page(name, handle, made, dossier.parts, dossier.missing),
        "README.txt": readme(name, handle, made, dossier.parts, dossier.missing),
        **dossier.files,
    }
    sums = "".join(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))
    return {**files, CHECKSUMS: sums.encode()}


async def _add_audit(dossier: _Dossier, sources: DossierSources, item_id: str) -> None:
    says = "Can it be repeated, and is it current?"
    try:
        found = await audit(sources.reader, sources.cap, item_id, sources.now, _AUDIT_TOKENS)
    except ProvenaError as error:
        dossier.missing.append(Missing(says, error.message))
        return
    dossier.add("audit/audit.txt", "\n".join(_audit_lines(found)) + "\n", says)
    as_json = found.model_dump_json(indent=1, exclude_none=True)
    dossier.add("audit/audit.json", as_json, f"{says} The same for software")


def _audit_lines(found: AuditReproducibilityResult) -> Iterator[str]:
    yield found.answer
    for finding in found.findings:
        yield ""
        yield f"{finding.severity}: {finding.says}"
        yield from (f"  {handle}  {found.names.get(handle, '')}".rstrip() for handle in finding.ids)
        yield f"  To do: {finding.action}"
    for check in found.checks or ():
        yield f"{check.state:>8}  {check.check.replace('_', ' ')}: {check.evidence}"
    if found.runs:
        yield ""
        yield from (f"{run.verdict}: {run.id}  {run.name or ''}".rstrip() for run in found.runs)
    if not found.complete:
        yield ""
        yield f"Not complete: {found.incomplete_because}"


async def _add_pictures(dossier: _Dossier, sources: DossierSources, provenance: RegisteredProvenance) -> None:
    about = provenance.about
    whole = ("downstream", about.id, "2") if isinstance(about, StudyItem) else ("upstream", about.id, _DEPTH)
    for ending, draw in (("html", sources.page), ("svg", sources.figure)):
        says = "The whole, drawn" if ending == "html" else "The same as one still figure"
        await dossier.attempt(f"pictures/whole.{ending}", _content(draw(*whole)), says)
    own = {
        use.dataset_id
        for run in provenance.runs
        if about.id in (run.id, run.record.study_id)
        for use in run.record.outputs
    }
    results = [each for each in provenance.datasets if each in own]
    for number, result in enumerate(results[:_MOST_PICTURES], start=1):
        drawn = sources.page("upstream", result, _DEPTH)
        says = f"What led to {provenance.name_of(result)}"
        await dossier.attempt(f"pictures/result-{number}.html", _content(drawn), says)
    if len(results) > _MOST_PICTURES:
        left = len(results) - _MOST_PICTURES
        dossier.missing.append(Missing(f"Pictures of {left} more results", f"{_MOST_PICTURES} are drawn"))


async def _content(drawn: Awaitable[Drawn]) -> str | bytes:
    return (await drawn).content
