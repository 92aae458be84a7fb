"""Lineage answers as msgspec structs, the cheapest decoder of all that were tried.

Imported when the first answer arrives. What an answer may look like is said by ``wire/lineage.py``; whatever
this decoder refuses is read by that one, which is more lenient and says where an answer goes wrong.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from provena_mcp.wire.lineage import KnownRelation
from provena_mcp.wire.subtypes import ItemCategory, ServiceSubtype

NodeT = TypeVar("NodeT")
LinkT = TypeVar("LinkT")


class Node(msgspec.Struct, gc=False):
    """A node: an id and its kind. Of a closed set no text is made for every node."""

    id: str
    item_category: ItemCategory | None = None
    item_subtype: ServiceSubtype | None = None


class AnyNode(msgspec.Struct, gc=False):
    """The same of a kind that is not known."""

    id: str
    item_category: str | None = None
    item_subtype: str | None = None


class Link(msgspec.Struct, gc=False):
    """A PROV relation; source depends on target. As with nodes no text is made of the relation."""

    type: KnownRelation
    source: str
    target: str


class AnyLink(msgspec.Struct, gc=False):
    """The same of a relation that is not known."""

    type: str
    source: str
    target: str


class Graph(msgspec.Struct, Generic[NodeT, LinkT]):
    """Node-link JSON; the edge key is ``links`` today and was ``edges`` in other builds."""

    nodes: list[NodeT]
    links: list[LinkT] | msgspec.UnsetType = msgspec.UNSET
    edges: list[LinkT] | msgspec.UnsetType = msgspec.UNSET


class Status(msgspec.Struct):
    """Status of a lineage answer."""

    success: bool
    details: str = ""


class Answer(msgspec.Struct, Generic[NodeT, LinkT]):
    """What the six lineage routes answer."""

    status: Status
    graph: Graph[NodeT, LinkT]
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


DECODER = msgspec.json.Decoder(Answer[Node, Link])
OUTLINE = msgspec.json.Decoder(Outline)
NODES = msgspec.json.Decoder(list[Node])
LINKS = msgspec.json.Decoder(list[Link])
