"""Lineage answers as node-link JSON (provena-http 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final, Literal, NamedTuple, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

LineageQuery = Literal[
    "upstream",
    "downstream",
    "contributing_datasets",
    "effected_datasets",
    "contributing_agents",
    "effected_agents",
]

LINEAGE_ROUTE: Final[dict[LineageQuery, str]] = {
    "upstream": "/explore/upstream",
    "downstream": "/explore/downstream",
    "contributing_datasets": "/explore/special/contributing_datasets",
    "effected_datasets": "/explore/special/effected_datasets",
    "contributing_agents": "/explore/special/contributing_agents",
    "effected_agents": "/explore/special/effected_agents",
}

# What Provena stores, and what it could (provena-http 5.2). Files of the embedded Provena keep positions
# in it: names may be appended only.
KnownRelation = Literal[
    "wasDerivedFrom",
    "wasInfluencedBy",
    "wasRevisionOf",
    "wasQuotedFrom",
    "hadPrimarySource",
    "hadMember",
    "alternateOf",
    "specializationOf",
    "wasGeneratedBy",
    "used",
    "wasInvalidatedBy",
    "wasAttributedTo",
    "wasInformedBy",
    "wasAssociatedWith",
    "actedOnBehalfOf",
]

CATEGORIES: Final = frozenset({"ACTIVITY", "AGENT", "ENTITY"})

ENDS: Final[Mapping[str, tuple[str, str]]] = {
    "wasDerivedFrom": ("ENTITY", "ENTITY"),
    "wasRevisionOf": ("ENTITY", "ENTITY"),
    "wasQuotedFrom": ("ENTITY", "ENTITY"),
    "hadPrimarySource": ("ENTITY", "ENTITY"),
    "hadMember": ("ENTITY", "ENTITY"),
    "alternateOf": ("ENTITY", "ENTITY"),
    "specializationOf": ("ENTITY", "ENTITY"),
    "wasGeneratedBy": ("ENTITY", "ACTIVITY"),
    "used": ("ACTIVITY", "ENTITY"),
    "wasInvalidatedBy": ("ENTITY", "ACTIVITY"),
    "wasAttributedTo": ("ENTITY", "AGENT"),
    "wasInformedBy": ("ACTIVITY", "ACTIVITY"),
    "wasAssociatedWith": ("ACTIVITY", "AGENT"),
    "actedOnBehalfOf": ("AGENT", "AGENT"),
}
"""The categories that a relation joins, source first (PROV-DM 5); whatever is may influence anything."""

_REGISTERED: Final = ("DATASET", "DATASET_TEMPLATE", "MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE")

WRITTEN: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "used": frozenset(
        {
            ("MODEL_RUN", "DATASET"),
            ("MODEL_RUN", "MODEL"),
            ("MODEL_RUN", "MODEL_RUN_WORKFLOW_TEMPLATE"),
            *(("VERSION", older) for older in _REGISTERED),
        }
    ),
    "wasGeneratedBy": frozenset({("DATASET", "MODEL_RUN"), *product(_REGISTERED, ("CREATE", "VERSION"))}),
    "wasAttributedTo": frozenset(product(_REGISTERED, ("PERSON",))),
    "wasAssociatedWith": frozenset(
        {("MODEL_RUN", "ORGANISATION"), *product(("MODEL_RUN", "CREATE", "VERSION"), ("PERSON",))}
    ),
    "wasInformedBy": frozenset({("MODEL_RUN", "STUDY")}),
    "hadMember": frozenset(product(("MODEL_RUN_WORKFLOW_TEMPLATE",), ("DATASET_TEMPLATE", "MODEL"))),
    "wasInfluencedBy": frozenset({("DATASET", "DATASET_TEMPLATE")}),
}
"""What Provena joins by the relations that it writes, in the registry's words (provena-http 5.2, 5.3)."""


Flaw = Literal[
    "kinds",
    "kind",
    "registry",
    "letters",
    "undescribed",
    "itself",
    "both ways",
    "impossible",
    "disputed",
    "left out",
    "nobody",
    "bare",
    "count",
]


class Contradiction(NamedTuple):
    """What an answer says that cannot be so: of which item or link, or in which words."""

    flaw: Flaw
    subject: str


class WireNode(TypedDict):
    """A node: an id and its kind; attributes a stored node lacks come as null."""

    id: str
    item_category: NotRequired[str | None]
    item_subtype: NotRequired[str | None]


class WireLink(TypedDict):
    """A PROV relation; source depends on target."""

    type: str
    source: str
    target: str


class WireGraph(TypedDict):
    """Node-link JSON; the edge key is ``links`` today and was ``edges`` in other builds."""

    nodes: list[WireNode]
    links: NotRequired[list[WireLink]]
    edges: NotRequired[list[WireLink]]


class WireStatus(TypedDict):
    """Status of a lineage answer."""

    success: bool
    details: NotRequired[str]


class LineageAnswer(TypedDict):
    """What the six lineage routes answer."""

    status: WireStatus
    record_count: NotRequired[int | None]
    graph: WireGraph


def read_lineage(body: bytes) -> LineageAnswer:
    """A lineage answer, read as pydantic reads everything else.

    ``wire/lineage_structs.py`` reads the usual answer in a fifth of the time; this says what is wrong with
    one that it refuses, so nothing of it is built before.

    Raises:
        ValidationError: It is no lineage answer.
    """
    return TypeAdapter(LineageAnswer).validate_json(body)
