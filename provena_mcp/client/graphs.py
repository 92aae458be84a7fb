"""Turns a lineage answer into a provenance graph, in one pass: answers may hold 10,000 nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import httpx
from pydantic import ValidationError

from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import require_success, unreadable
from provena_mcp.rules.graph import Columns, Kind, ProvenanceGraph
from provena_mcp.rules.handles import alike_but_for_case
from provena_mcp.rules.large_values import without_collections
from provena_mcp.wire.base import Status
from provena_mcp.wire.lineage import CATEGORIES, ENDS, WRITTEN, Contradiction, read_lineage
from provena_mcp.wire.subtypes import CATEGORY_OF, GRAPH_WORKFLOW_TEMPLATE

if TYPE_CHECKING:
    from provena_mcp.wire.lineage_structs import Answer, AnyLink, AnyNode, Link, Node

# Bytes of a large answer that are decoded at once, in some three milliseconds.
_PIECE: Final = 1024 * 1024
# What is another form of a thing has that thing as another form (PROV-DM 5.5.2).
_SYMMETRIC: Final = "alternateOf"
# The kinds of a link's two ends, and what joins them.
_Form = tuple[Kind, str, Kind]
_ORGANISATION: Final = Kind("AGENT", "ORGANISATION")
# All there are (provena-http 7.1).
_KINDS: Final = frozenset(
    {
        Kind("ENTITY", GRAPH_WORKFLOW_TEMPLATE),
        *(Kind(category, subtype) for subtype, category in CATEGORY_OF.items()),
    }
)


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


def graph_of_pieces(call: Call, response: httpx.Response) -> ProvenanceGraph:
    """The same of a large answer, read piece by piece; errors as ``graph_of``.

    While a decoder works nothing else of the process does, also from a thread, and what it makes of a whole
    answer takes several times the answer's size.
    """
    from msgspec import UNSET

    from provena_mcp.wire.lineage_structs import LINKS, NODES, OUTLINE

    try:
        outline = OUTLINE.decode(response.content)
        links = outline.graph.edges if outline.graph.links is UNSET else outline.graph.links
        # Of two lists of links which differ, nobody knows which one is meant: that is told there.
        is_plain = UNSET in (outline.graph.links, outline.graph.edges)
        if outline.status.success and links is not UNSET and is_plain:
            nodes = map(NODES.decode, _pieces(bytes(outline.graph.nodes)))
            graph = _graph(nodes, map(LINKS.decode, _pieces(bytes(links))), outline.record_count)
            if _all_named(graph.columns):
                return graph
    except (ValueError, KeyError, RecursionError):
        return _read(call, response)  # which tells what is wrong with it, if anything
    return _read(call, response)


def _read(call: Call, response: httpx.Response) -> ProvenanceGraph:
    from msgspec import UNSET

    from provena_mcp.wire.lineage_structs import Node

    answer = _decoded(call, response)
    require_success(call, Status(success=answer.status.success, details=answer.status.details))
    graph = answer.graph
    links = graph.edges if graph.links is UNSET else graph.links
    if links is UNSET:
        raise malformed(call, "a graph with neither 'links' nor 'edges'")
    if UNSET not in (graph.links, graph.edges) and graph.links != graph.edges:
        raise malformed(call, "a graph with 'links' and other 'edges'")
    try:
        read = _graph([graph.nodes], [links], answer.record_count)
    except KeyError:
        # Services describe whatever their links name (provena-http 2.1).
        ends = {end for link in links for end in (link.source, link.target)}
        lacking = sorted(ends.difference(node.id for node in graph.nodes))
        undescribed = tuple(Contradiction("undescribed", end) for end in lacking)
        read = _graph([graph.nodes, [Node(end) for end in lacking]], [links], None, undescribed)
    if not _all_named(read.columns):
        raise malformed(call, "an item without an id")
    return read


def _all_named(columns: Columns) -> bool:
    """Whether every id says something: nobody can ask for an item by a blank one.

    Runs for which an empty text was given as organisation name one without an id (provena-http 4.1).
    """
    if all(map(str.strip, columns.ids)):
        return True
    return all(
        node.strip() or (node == "" and kind == _ORGANISATION)
        for node, kind in zip(columns.ids, columns.kinds, strict=True)
    )


def _decoded(call: Call, response: httpx.Response) -> Answer[Node, Link] | Answer[AnyNode, AnyLink]:
    import msgspec

    from provena_mcp.wire.lineage_structs import DECODER, Answer, AnyLink, AnyNode

    try:
        return DECODER.decode(response.content)
    except (ValueError, RecursionError):
        try:
            return msgspec.convert(read_lineage(response.content), Answer[AnyNode, AnyLink])
        except ValidationError as error:
            raise unreadable(call, response, error) from None


def _graph(
    nodes: Iterable[Sequence[Node] | Sequence[AnyNode]],
    links: Iterable[Sequence[Link] | Sequence[AnyLink]],
    count: int | None,
    contradictions: tuple[Contradiction, ...] = (),
) -> ProvenanceGraph:
    """The graph of nodes and links that come in pieces, and what contradicts itself in it.

    ``count`` is how many nodes the service says that there are.

    Raises:
        KeyError: A link leads to what is not among the nodes.
    """
    kind_of = _Kinds()
    ids: list[str] = []
    kinds: list[Kind] = []
    for some in nodes:
        ids += [node.id for node in some]
        kinds += [kind_of[node.item_category, node.item_subtype] for node in some]
    numbers = dict(zip(ids, range(len(ids)), strict=True))
    if count is not None and count not in (len(ids), len(numbers)):
        contradictions += (Contradiction("count", f"{count}, not {len(numbers)}"),)
    if len(numbers) < len(ids):
        ids, kinds, of_kinds = _each_once(ids, kinds)
        contradictions += of_kinds
        numbers = dict(zip(ids, range(len(ids)), strict=True))
    contradictions += tuple(_of_no_kind(ids, kinds, kind_of, contradictions))
    contradictions += tuple(Contradiction("letters", " and ".join(some)) for some in alike_but_for_case(ids))
    columns = Columns(ids, kinds, sources := list[int](), relations := list[str](), targets := list[int]())
    forms: set[_Form] = set()
    for part in links:
        near = [numbers[link.source] for link in part]
        types = [link.type for link in part]
        far = [numbers[link.target] for link in part]
        # Piece by piece, since nobody else gets a turn until all are looked at.
        forms.update(zip(map(kinds.__getitem__, near), types, map(kinds.__getitem__, far), strict=True))
        sources += near
        relations += types
        targets += far
    contradictions += tuple(_contradicting(columns, forms))
    graph = ProvenanceGraph.of_columns(columns, contradictions, numbers)
    # Whoever asks for a lineage follows these ways next, so that looking at them costs next to nothing.
    if any(len(set(far)) < len(far) for far in graph.ways("upstream") if len(far) > 1):
        return ProvenanceGraph.of_columns(_links_once(columns), contradictions, numbers)
    return graph


def _pieces(array: bytes) -> Iterator[bytes]:
    """An array of flat objects as several; what is cut within an object or a text is no JSON."""
    begin = array.index(b"[") + 1
    while (cut := array.find(b"},", begin + _PIECE)) >= 0:
        yield b"[" + array[begin : cut + 1] + b"]"
        begin = cut + 2
    yield b"[" + array[begin:]


def _of_no_kind(
    ids: Sequence[str], kinds: Sequence[Kind], given: _Kinds, told: Sequence[Contradiction]
) -> Iterator[Contradiction]:
    """Items of which nobody can tell what they are, but for those of which that is ``told`` already."""
    no_kinds = {*given.values()} - _KINDS
    if no_kinds:
        known = {subject for _, subject in told}
        for node, kind in zip(ids, kinds, strict=True):
            if kind in no_kinds and node not in known:
                yield Contradiction("kind", node)


def _contradicting(columns: Columns, forms: Collection[_Form]) -> Iterator[Contradiction]:
    """Links that cannot be so: from an item to itself, both ways, or between items of such kinds.

    That is by what Provena writes (provena-http 5.2); PROV lets runs inform each other, and agents act so.
    There are few kinds and many links, so that what the links of kinds, ``forms``, could contradict is asked
    first.
    """
    ids, kinds, sources, relations, targets = columns
    doubtful = {
        (source, relation, target)
        for source, relation, target in forms
        if (target, relation, source) in forms or not _can_be(source, relation, target)
    }
    if not doubtful:
        return
    links = dict.fromkeys(zip(sources, relations, targets, strict=True))
    for source, relation, target in links:
        if (kinds[source], relation, kinds[target]) not in doubtful:
            continue
        named = f"{ids[source]} {relation} {ids[target]}"
        if source == target:
            yield Contradiction("itself", named)
        elif (target, relation, source) in links and relation != _SYMMETRIC:
            if source < target:
                yield Contradiction("both ways", named)
        elif not _can_be(kinds[source], relation, kinds[target]):
            yield Contradiction("impossible", named)


def _can_be(source: Kind, relation: str, target: Kind) -> bool:
    """Whether a relation may join items of these kinds; of kinds that do not exist nothing is known."""
    if relation in WRITTEN and source in _KINDS and target in _KINDS:
        return (source.registry_subtype, target.registry_subtype) in WRITTEN[relation]
    ends = ENDS.get(relation)
    given = (source.category, target.category)
    if ends is None or given == ends:
        return True
    return all(one == other or one not in CATEGORIES for one, other in zip(given, ends, strict=True))


def _each_once(
    ids: Sequence[str], kinds: Sequence[Kind]
) -> tuple[list[str], list[Kind], tuple[Contradiction, ...]]:
    """Every node that is listed once or more, its kind, and which of them have two."""
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
