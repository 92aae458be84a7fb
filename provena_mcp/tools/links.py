"""Resource links that results carry beside their structure."""

from __future__ import annotations

from mcp.types import ResourceLink

from provena_mcp.lineage.result import LineageResult


def lineage_link(result: LineageResult) -> ResourceLink:
    """The whole graph behind a lineage answer."""
    return ResourceLink(
        uri=result.graph_uri,
        name=f"lineage of {result.start.id}",
        title="Whole lineage graph",
        mime_type="application/json",
    )
