"""Resource links that results carry beside their structure."""

from __future__ import annotations

from mcp.types import ResourceLink

from provena_mcp.commands.generate_report import GeneratedReport
from provena_mcp.lineage.result import LineageResult
from provena_mcp.queries.documents.csv_files import CSV
from provena_mcp.queries.documents.reports import DOCX


def lineage_link(result: LineageResult) -> ResourceLink:
    """The whole graph behind a lineage answer."""
    return ResourceLink(
        uri=result.graph_uri,
        name=f"lineage of {result.start.id}",
        title="Whole lineage graph",
        mime_type="application/json",
    )


def report_link(report: GeneratedReport) -> tuple[ResourceLink, ...]:
    """The .docx file of a report that is written."""
    if report.status != "succeeded" or report.uri is None:
        return ()
    name = f"report on {report.id}.docx"
    return (ResourceLink(uri=report.uri, name=name, title="Report", mime_type=DOCX, size=report.bytes),)


def csv_link(uri: str, name: str) -> ResourceLink:
    """A CSV file."""
    return ResourceLink(uri=uri, name=name, title="CSV", mime_type=CSV)
