"""Documents behind ``provena://`` URIs, each recomputed from its URI so that any replica can answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import cast, get_args

from anyio import to_thread
from pydantic_core import to_json

from provena_mcp.crates.export.packed_files import pack
from provena_mcp.crates.export.provenance_crate import provenance_crate
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.errors import ArgumentError
from provena_mcp.lineage.diagram import draw_diagram
from provena_mcp.lineage.node_link import node_link
from provena_mcp.lineage.picture.scene import Picture
from provena_mcp.queries.answers.common import kinds_of
from provena_mcp.queries.answers.diagrams import USUAL_HOPS, impact_diagram, path_diagram
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.documents.citations import CITATION_NAMES, written_citation
from provena_mcp.queries.documents.crate_extras import extras_named, files_beside
from provena_mcp.queries.documents.csv_files import batch_csv, template_csv
from provena_mcp.queries.documents.dossiers import DossierSources, dossier_files
from provena_mcp.queries.documents.kinds import (
    CITATION_TYPES,
    CSV,
    DOCX,
    HTML,
    JSON,
    JSON_LD,
    MERMAID,
    PROV_TYPES,
    SVG,
    USUAL_CRATE_DEPTH,
    USUAL_DEPTH,
    ZIP,
    format_named,
)
from provena_mcp.queries.documents.pictures import impact_picture, lineage_picture, path_picture
from provena_mcp.queries.documents.prov_documents import (
    asserted_prov_json,
    render_prov,
)
from provena_mcp.queries.documents.reports import MAX_DEPTH as MAX_REPORT_DEPTH
from provena_mcp.queries.documents.reports import ReportId, read_report, report_subtype
from provena_mcp.queries.documents.whole_provenance import gather_provenance, provenance_of
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.budgets import MOST_HOPS
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean_json
from provena_mcp.wire.lineage import LineageQuery

RecentReports = BoundedCache[tuple[str, str], bytes]
"""Reports by caller and URI: what a job has written does not change, and making one anew costs a job."""


@dataclass(frozen=True)
class Document:
    """The content behind a URI; ``name`` is a file name to save it under."""

    name: str
    mime_type: str
    content: str | bytes


class Documents:
    """Renders documents as one caller; arguments are the variables of a URI, as they stand in it."""

    def __init__(
        self,
        reader: Reader,
        cap: DepthCap,
        recent: RecentReports,
        polling: PollPolicy,
        now: Callable[[], float],
    ) -> None:
        """Read through ``reader``.

        Args:
            reader: The caller's.
            cap: What is known of the deployment's depth limit.
            recent: Reports that were read a short time ago.
            polling: How a report's job is followed.
            now: Unix seconds, for the day of a crate.
        """
        self._reader = reader
        self._cap = cap
        self._recent = recent
        self._pace = polling
        self._now = now

    async def item(self, item_id: str) -> Document:
        """One registry item as JSON, whole."""
        handle = parse_handle(item_id)
        item = await self._reader.client.registry.fetch(handle)
        content = to_json(clean_json(item.as_json(), limit=None), indent=1).decode()
        return Document(_file_name(handle, "item.json"), JSON, content)

    async def lineage(self, query: str, item_id: str, depth: str = USUAL_DEPTH) -> Document:
        """The whole graph of a lineage question as node-link JSON, names included."""
        asked, handle = _lineage_query(query), parse_handle(item_id)
        found = await gather_lineage(self._reader.client.prov, self._cap, asked, handle, _depth(depth))
        kinds = kinds_of(found.graph)
        named = await self._reader.names.of(self._reader.caller, kinds)
        found = found.doubted(named.doubt_of(kinds))
        content = to_json(node_link(found.graph, named.names, found.incomplete_because)).decode()
        return Document(_file_name(handle, f"{asked}.json"), JSON, content)

    async def diagram(
        self, query: str, item_id: str, depth: str | None = None, to: str | None = None
    ) -> Document:
        """A bounded Mermaid diagram of a lineage question, of an impact, or of the path ``to`` an item."""
        if query in ("path", "impact"):
            handle, hops = parse_handle(item_id), _depth(depth or USUAL_HOPS)
            text = (
                await impact_diagram(self._reader, self._cap, handle, hops)
                if query == "impact"
                else await path_diagram(self._reader, self._cap, handle, parse_handle(to or "", "to"), hops)
            )
            return Document(_file_name(handle, f"{query}.mmd"), MERMAID, text)
        asked, handle, hops = _lineage_query(query), parse_handle(item_id), _depth(depth or USUAL_DEPTH)
        found = await gather_lineage(self._reader.client.prov, self._cap, asked, handle, hops)
        drawn = draw_diagram(found.graph, handle, asked)
        named = await self._reader.names.of_ids(self._reader.caller, drawn.shown)
        return Document(_file_name(handle, f"{asked}.mmd"), MERMAID, drawn.text(named.names))

    async def picture(
        self, query: str, item_id: str, depth: str | None = None, to: str | None = None
    ) -> Document:
        """A page that draws a lineage question, an impact, or the path ``to`` an item."""
        drawn = await self.drawn(query, item_id, depth, to)
        from provena_mcp.lineage.picture.page import picture_page

        page = await to_thread.run_sync(picture_page, drawn)
        return Document(_file_name(drawn.starts[0], f"{query}.html"), HTML, page)

    async def figure(
        self, query: str, item_id: str, depth: str | None = None, to: str | None = None
    ) -> Document:
        """The same as one still SVG."""
        drawn = await self.drawn(query, item_id, depth, to)
        from provena_mcp.lineage.picture.figure import figure as drawing

        return Document(_file_name(drawn.starts[0], f"{query}.svg"), SVG, drawing(drawn))

    async def drawn(
        self, query: str, item_id: str, depth: str | None = None, to: str | None = None
    ) -> Picture:
        """The picture itself.

        Raises:
            ArgumentError: A variable of the URI is none.
            ProvenaError: As ``lineage_picture``, ``path_picture`` and ``impact_picture``.
        """
        handle = parse_handle(item_id)
        if query == "impact":
            return await impact_picture(self._reader, self._cap, handle, _depth(depth or USUAL_HOPS))
        if query == "path":
            goal = parse_handle(to or "", "to")
            return await path_picture(self._reader, self._cap, handle, goal, _depth(depth or USUAL_HOPS))
        asked = _lineage_query(query)
        return await lineage_picture(self._reader, self._cap, asked, handle, _depth(depth or USUAL_DEPTH))

    async def prov(self, format: str, item_id: str) -> Document:
        """A model run as a W3C PROV document."""
        wanted, handle = format_named(format, PROV_TYPES, "PROV documents"), parse_handle(item_id)
        serialised = await asserted_prov_json(self._reader.client.registry, handle)
        content = await to_thread.run_sync(render_prov, serialised, wanted)
        return Document(_file_name(handle, f"prov.{wanted}"), PROV_TYPES[wanted], content)

    async def crate(self, kind: str, item_id: str, depth: str = USUAL_CRATE_DEPTH) -> Document:
        """The metadata of the crate of a run, study or dataset: a JSON-LD document."""
        found = await self._provenance(kind, item_id, depth)
        made = await to_thread.run_sync(provenance_crate, found, self._today())
        return Document(_file_name(found.about.id, "ro-crate-metadata.json"), JSON_LD, made.metadata)

    async def packed_crate(
        self, kind: str, item_id: str, depth: str = USUAL_CRATE_DEPTH, beside: str = ""
    ) -> Document:
        """The same crate, all its files, as a zip; ``beside`` names ``prov``, ``report``, or both."""
        wanted = extras_named(beside)
        found = await self._provenance(kind, item_id, depth)
        files = await files_beside(self._reader, found, wanted, self._written_report)
        made = await to_thread.run_sync(provenance_crate, found, self._today(), files)
        return Document(_file_name(found.about.id, "crate.zip"), ZIP, pack(made.files))

    async def citation(self, format: str, item_id: str) -> Document:
        """Whom and what to cite for a run, study or dataset."""
        wanted, handle = format_named(format, CITATION_TYPES, "citations"), parse_handle(item_id)
        found = await gather_provenance(self._reader, self._cap, handle, int(USUAL_CRATE_DEPTH))
        content = await to_thread.run_sync(written_citation, found, wanted)
        return Document(_file_name(handle, CITATION_NAMES[wanted]), CITATION_TYPES[wanted], content)

    async def dossier(self, item_id: str) -> Document:
        """All there is to say of a study or run, as a zip to open without this software."""
        handle = parse_handle(item_id)
        found = await gather_provenance(self._reader, self._cap, handle, int(USUAL_CRATE_DEPTH))
        sources = DossierSources(
            self._reader, self._cap, self._now, self.picture, self.figure, self._written_report
        )
        files = await dossier_files(found, sources, self._today())
        return Document(_file_name(handle, "dossier.zip"), ZIP, pack(files))

    async def _provenance(self, kind: str, item_id: str, depth: str) -> RegisteredProvenance:
        about, handle, hops = provenance_of(kind), parse_handle(item_id), _depth(depth)
        return await gather_provenance(self._reader, self._cap, handle, hops, about)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now(), UTC).date()

    async def csv_template(self, workflow_template_id: str) -> Document:
        """The CSV of a workflow template, byte for byte."""
        handle = parse_handle(workflow_template_id, "workflow_template_id")
        content = await template_csv(self._reader.client, handle)
        return Document(_file_name(handle, "template.csv"), CSV, content)

    async def csv_batch(self, batch_id: str) -> Document:
        """The CSV of a batch, byte for byte."""
        _, content = await batch_csv(self._reader.client, batch_id)
        return Document(_file_name(batch_id, "model-runs.csv"), CSV, content)

    async def report(
        self, item_subtype: str, depth: str, item_id: str, session_id: str | None = None
    ) -> Document:
        """A report: that of the job ``session_id``, else made anew."""
        asked = ReportId(parse_handle(item_id), report_subtype(item_subtype), _depth(depth, MAX_REPORT_DEPTH))
        content = await self._written_report(asked, session_id)
        return Document(_file_name(asked.item_id, "report.docx"), DOCX, content)

    async def _written_report(self, report: ReportId, session_id: str | None = None) -> bytes:
        key = (self._reader.caller, report.uri(session_id))
        content = self._recent.get(key)
        if content is None:
            content = await read_report(self._reader.client, report, session_id, self._pace, _silently)
            self._recent.put(key, content)
        return content


def _lineage_query(query: str) -> LineageQuery:
    choices = cast("tuple[LineageQuery, ...]", get_args(LineageQuery))
    if query not in choices:
        raise ArgumentError(
            f"{query[:40]!r} is not a lineage query.",
            parameter="query",
            advice=f"Use one of {', '.join(choices)}.",
        )
    return query


def _depth(text: str, most: int = MOST_HOPS) -> int:
    if not text.isdecimal() or len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise ArgumentError(f"depth is 1 to {most} hops, not {text[:20]!r}.", parameter="depth")
    return int(text)


async def _silently(message: str) -> None:
    """Whoever reads a resource is told of no progress."""


def _file_name(handle: str, suffix: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in handle) + "-" + suffix
