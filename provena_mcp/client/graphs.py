"""Turns a lineage answer into a provenance graph, in one pass: answers may hold 10,000 nodes."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from operator import itemgetter
from typing import cast

import httpx
from pydantic import ValidationError

from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import require_success, unreadable
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.base import Status
from provena_mcp.wire.lineage import LINEAGE_ANSWER, WireLink, WireNode

_SOURCE = itemgetter("source")
_TARGET = itemgetter("target")
_LINK = itemgetter("source", "type", "target")


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
    with _no_collections():
        return _read(call, response)


@contextmanager
def _no_collections() -> Generator[None]:
    """Hold garbage collection back: 70,000 small new objects set off full ones, which double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(call: Call, response: httpx.Response) -> ProvenanceGraph:
    try:
        lineage = LINEAGE_ANSWER.validate_json(response.content)
    except ValidationError as error:
        raise unreadable(call, response, error) from None
    status = lineage["status"]
    require_success(call, Status(success=status["success"], details=status.get("details", "")))
    graph = lineage["graph"]
    links = graph.get("links", graph.get("edges"))
    if links is None:
        raise malformed(call, "a graph with neither 'links' nor 'edges'")
    nodes, contradictions = _nodes(graph["nodes"], links)
    return ProvenanceGraph(nodes, _links(links), contradictions)


def _nodes(nodes: list[WireNode], links: list[WireLink]) -> tuple[dict[str, Kind], tuple[str, ...]]:
    """Every node, and the ids of those that are listed with two kinds."""
    kinds = _Kinds()
    found = {node["id"]: kinds[node.get("item_category"), node.get("item_subtype")] for node in nodes}
    contradictions: tuple[str, ...] = ()
    if len(found) < len(nodes):
        listed = ((node["id"], kinds[node.get("item_category"), node.get("item_subtype")]) for node in nodes)
        whole = ProvenanceGraph().merged(ProvenanceGraph({node_id: kind}) for node_id, kind in listed)
        found, contradictions = dict(whole.nodes), whole.contradictions
    ends = set(map(_SOURCE, links))
    ends.update(map(_TARGET, links))
    for end in sorted(ends - found.keys()):
        found[end] = kinds[None, None]
    return found, contradictions


def _links(links: list[WireLink]) -> tuple[Link, ...]:
    # Link(...) runs a Python-level __new__, which for 32,000 links costs a third more.
    new = cast("Callable[[type[Link], Iterable[str]], Link]", tuple.__new__)  # pyright: ignore[reportUnknownMemberType]  typeshed leaves the items open
    return tuple(dict.fromkeys([new(Link, ends) for ends in map(_LINK, links)]))
