"""Lineage answers as msgspec structs, the cheapest decoder of all that were tried.

Imported when the first answer arrives. What an answer may look like is said by ``wire/lineage.py``; whatever
this decoder refuses is read by that one, which is more lenient and says where an answer goes wrong.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from provena_mcp.wire.lineage import KnownRelation

LinkT = TypeVar("LinkT")


class Node(msgspec.Struct, gc=False):
    """A node: an id and its kind."""

    id: str
    item_category: str | None = None
    item_subtype: str | None = None


class Link(msgspec.Struct, gc=False):
    """A PROV relation; source depends on target. Of a closed set no text is made for every link."""

    type: KnownRelation
    source: str
    target: str


class AnyLink(msgspec.Struct, gc=False):
    """The same of a relation that is not known."""

    type: str
    source: str
    target: str


class Graph(msgspec.Struct, Generic[LinkT]):
    """Node-link JSON; the edge key is ``links`` today and was ``edges`` in other builds."""

    nodes: list[Node]
    links: list[LinkT] | msgspec.UnsetType = msgspec.UNSET
    edges: list[LinkT] | msgspec.UnsetType = msgspec.UNSET


class Status(msgspec.Struct):
    """Status of a lineage answer."""

    success: bool
    details: str = ""


class Answer(msgspec.Struct, Generic[LinkT]):
    """What the six lineage routes answer."""

    status: Status
    graph: Graph[LinkT]
    record_count: int | None = None


class RawGraph(msgspec.Struct):
    """The same graph, its arrays not decoded yet."""

    nodes: msgspec.Raw
    links: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    edges: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Outline(msgspec.Struct):
    """An answer of which no more is decoded than whether it is one."""

    status: Status
    graph: RawGraph
    record_count: int | None = None


DECODER = msgspec.json.Decoder(Answer[Link])
OUTLINE = msgspec.json.Decoder(Outline)
NODES = msgspec.json.Decoder(list[Node])
LINKS = msgspec.json.Decoder(list[Link])
