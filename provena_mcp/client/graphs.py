"""Turns a lineage answer into a provenance graph, in one pass: answers may hold 10,000 nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx
from pydantic import ValidationError

from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import require_success, unreadable
from provena_mcp.rules.graph import Columns, Kind, ProvenanceGraph
from provena_mcp.rules.large_values import without_collections
from provena_mcp.wire.base import Status
from provena_mcp.wire.lineage import read_lineage

if TYPE_CHECKING:
    from provena_mcp.wire.lineage_structs import Answer, AnyLink, Link, Node


class _Kinds(dict[tuple[str | None, str | None], Kind]):
    """One ``Kind`` for all nodes of that kind; null becomes empty (provena-http 2.1)."""

    def __missing__(self, key: tuple[str | None, str | None]) -> Kind:
        kind = self[key] = Kind(key[0] or "", key[1] or "")
        return kind


def graph_of(call: Call, response: httpx.Response) -> ProvenanceGraph:
    """The graph that a lineage route answered, with ``links`` or, as some builds name them, ``edges``.

    Raises:
        MalformedAnswerError: The answer is no node-link graph, or has neither ``links`` nor ``edges``.
        CallerError: The answer says that the query failed.
    """
    with without_collections():
        return _read(call, response)


def _read(call: Call, response: httpx.Response) -> ProvenanceGraph:
    from msgspec import UNSET

    answer = _decoded(call, response)
    require_success(call, Status(success=answer.status.success, details=answer.status.details))
    graph = answer.graph
    links = graph.edges if graph.links is UNSET else graph.links
    if links is UNSET:
        raise malformed(call, "a graph with neither 'links' nor 'edges'")
    return _graph(graph.nodes, links)


def _decoded(call: Call, response: httpx.Response) -> Answer[Link] | Answer[AnyLink]:
    import msgspec

    from provena_mcp.wire.lineage_structs import DECODER, Answer, AnyLink

    try:
        return DECODER.decode(response.content)
    except (ValueError, RecursionError):
        try:
            return msgspec.convert(read_lineage(response.content), Answer[AnyLink])
        except ValidationError as error:
            raise unreadable(call, response, error) from None


def _graph(nodes: Sequence[Node], links: Sequence[Link] | Sequence[AnyLink]) -> ProvenanceGraph:
    kind_of = _Kinds()
    ids = [node.id for node in nodes]
    kinds = [kind_of[node.item_category, node.item_subtype] for node in nodes]
    numbers = dict(zip(ids, range(len(ids)), strict=True))
    contradictions: tuple[str, ...] = ()
    if len(numbers) < len(ids):
        ids, kinds, contradictions = _each_once(ids, kinds)
        numbers = dict(zip(ids, range(len(ids)), strict=True))
    try:
        sources = [numbers[link.source] for link in links]
        targets = [numbers[link.target] for link in links]
    except KeyError:
        ends = {end for link in links for end in (link.source, link.target)}
        return _graph([*nodes, *map(_node, sorted(ends - numbers.keys()))], links)
    relations = [link.type for link in links]
    columns = Columns(ids, kinds, sources, relations, targets)
    graph = ProvenanceGraph.of_columns(columns, contradictions, numbers)
    # Whoever asks for a lineage follows these ways next, so that looking at them costs next to nothing.
    if any(len(set(far)) < len(far) for far in graph.ways("upstream") if len(far) > 1):
        return ProvenanceGraph.of_columns(_links_once(columns), contradictions, numbers)
    return graph


def _node(node_id: str) -> Node:
    from provena_mcp.wire.lineage_structs import Node

    return Node(node_id)


def _each_once(ids: Sequence[str], kinds: Sequence[Kind]) -> tuple[list[str], list[Kind], tuple[str, ...]]:
    """Every node that is listed once or more, its kind, and the ids of those that have two."""
    parts = (ProvenanceGraph({node_id: kind}) for node_id, kind in zip(ids, kinds, strict=True))
    whole = ProvenanceGraph().merged(parts)
    return list(whole.nodes), list(whole.nodes.values()), whole.contradictions


def _links_once(columns: Columns) -> Columns:
    """The same without links that come again."""
    links = list(dict.fromkeys(zip(columns.sources, columns.relations, columns.targets, strict=True)))
    return columns._replace(
        sources=[source for source, _, _ in links],
        relations=[relation for _, relation, _ in links],
        targets=[target for _, _, target in links],
    )
