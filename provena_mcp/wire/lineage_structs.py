"""Lineage answers as structs that msgspec fills: of all decoders that were tried, the one that costs least.

Imported when the first answer arrives. What an answer may look like is said by ``wire/lineage.py``; whatever
this decoder refuses is read by that one, which is more lenient and says where an answer goes wrong.
"""

from __future__ import annotations

import msgspec


class Node(msgspec.Struct, gc=False):
    """A node: an id and its kind."""

    id: str
    item_category: str | None = None
    item_subtype: str | None = None


class Link(msgspec.Struct, gc=False):
    """A PROV relation; source depends on target."""

    type: str
    source: str
    target: str


class Graph(msgspec.Struct):
    """Node-link JSON; the edge key is ``links`` today and was ``edges`` in other builds."""

    nodes: list[Node]
    links: list[Link] | msgspec.UnsetType = msgspec.UNSET
    edges: list[Link] | msgspec.UnsetType = msgspec.UNSET


class Status(msgspec.Struct):
    """Status of a lineage answer."""

    success: bool
    details: str = ""


class Answer(msgspec.Struct):
    """What the six lineage routes answer."""

    status: Status
    graph: Graph
    record_count: int | None = None


DECODER = msgspec.json.Decoder(Answer)
