"""Documents behind ``provena://`` URIs, each recomputed from its URI so that any replica can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast, get_args

from pydantic_core import to_json

from provena_mcp.errors import ArgumentError
from provena_mcp.lineage.diagram import draw_diagram
from provena_mcp.lineage.node_link import node_link
from provena_mcp.queries.items import Reader
from provena_mcp.queries.lineage import gather_lineage
from provena_mcp.queries.neighbourhood import DepthCap
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean_object
from provena_mcp.wire.lineage import LineageQuery

JSON: Final = "application/json"
MERMAID: Final = "text/vnd.mermaid"
USUAL_DEPTH: Final = 3
_MAX_DEPTH: Final = 100


@dataclass(frozen=True)
class Document:
    """The content behind a URI; ``name`` is a file name to save it under."""

    name: str
    mime_type: str
    content: str | bytes


class Documents:
    """Renders documents as one caller."""

    def __init__(self, reader: Reader, cap: DepthCap) -> None:
        """Read through ``reader``; ``cap`` is what is known of the deployment's depth limit."""
        self._reader = reader
        self._cap = cap

    async def item(self, item_id: str) -> Document:
        """One registry item as JSON."""
        handle = parse_handle(item_id)
        item = await self._reader.client.registry.fetch(handle)
        content = to_json(clean_object(item.as_json()), indent=1).decode()
        return Document(_file_name(handle, "item.json"), JSON, content)

    async def lineage(self, query: str, item_id: str, depth: int = USUAL_DEPTH) -> Document:
        """The whole graph of a lineage question as node-link JSON, names included."""
        asked, handle = _lineage_query(query), parse_handle(item_id)
        found = await gather_lineage(self._reader.client.prov, self._cap, asked, handle, _depth(depth))
        kinds = {node: kind.subtype for node, kind in found.graph.nodes.items()}
        named = await self._reader.names.of(self._reader.caller, kinds)
        content = to_json(node_link(found.graph, named.names, found.incomplete_because)).decode()
        return Document(_file_name(handle, f"{asked}.json"), JSON, content)

    async def diagram(self, query: str, item_id: str, depth: int = USUAL_DEPTH) -> Document:
        """A bounded Mermaid diagram of a lineage question."""
        asked, handle = _lineage_query(query), parse_handle(item_id)
        found = await gather_lineage(self._reader.client.prov, self._cap, asked, handle, _depth(depth))
        drawn = draw_diagram(found.graph, handle, asked)
        named = await self._reader.names.of_ids(self._reader.caller, drawn.shown)
        return Document(_file_name(handle, f"{asked}.mmd"), MERMAID, drawn.text(named.names))


def _lineage_query(query: str) -> LineageQuery:
    choices = cast("tuple[LineageQuery, ...]", get_args(LineageQuery))
    if query not in choices:
        raise ArgumentError(
            f"{query[:40]!r} is not a lineage query.",
            parameter="query",
            advice=f"Use one of {', '.join(choices)}.",
        )
    return query


def _depth(depth: int) -> int:
    if not 1 <= depth <= _MAX_DEPTH:
        raise ArgumentError(f"depth is 1 to {_MAX_DEPTH} hops, not {depth}.", parameter="depth")
    return depth


def _file_name(handle: str, suffix: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in handle) + "-" + suffix
