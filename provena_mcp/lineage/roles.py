"""What an agent did for the items of a lineage, in plain words."""

from __future__ import annotations

from itertools import compress
from typing import Final, Literal

from provena_mcp.rules.graph import ProvenanceGraph

# From those who did the work to those who only entered something into the registry.
Part = Literal["ran", "named", "registered"]
PARTS: Final[tuple[Part, ...]] = ("ran", "named", "registered")
_REGISTRATIONS: Final = frozenset({"CREATE", "VERSION"})

_IN_RUNS: Final = ("modeller", "requesting organisation")
_ROLE_BY_SOURCE: Final = {
    ("MODEL_RUN", "PERSON"): "modeller",
    ("MODEL_RUN", "ORGANISATION"): "requesting organisation",
    ("CREATE", "PERSON"): "registrant",
    ("VERSION", "PERSON"): "registrant of a new version",
}
_ROLE_BY_RELATION: Final = {
    "wasAttributedTo": "attributed",
    "wasAssociatedWith": "associated",
    "actedOnBehalfOf": "represented",
}


def role_of(source_type: str, relation: str, agent_type: str) -> str:
    """The role an agent has in a link ``source relation agent`` (provena-http 5.2, 5.3)."""
    if relation == "wasAssociatedWith" and (source_type, agent_type) in _ROLE_BY_SOURCE:
        return _ROLE_BY_SOURCE[source_type, agent_type]
    return _ROLE_BY_RELATION.get(relation, relation)


def role_order(role: tuple[str, int]) -> tuple[bool, int, str]:
    """Sorts roles with their counts: what was done in runs first, then the most."""
    name, count = role
    return name not in _IN_RUNS, -count, name


def parts_of_agents(graph: ProvenanceGraph) -> dict[int, Part]:
    """What each agent of a graph, by number, did at best.

    "ran" a model run or asked for it; "registered" items and nothing else; else "named" only, which is also
    said where the run or registration for which an item is attributed to an agent is not in the graph.
    """
    _, kinds, sources, relations, targets = graph.columns
    subtypes = [kind.subtype for kind in kinds]
    registers = list(map(_REGISTRATIONS.__contains__, subtypes)).__getitem__
    is_agent = {kind: kind.category == "AGENT" for kind in set(kinds)}
    are_agents = list(map(is_agent.__getitem__, kinds)).__getitem__
    links = list(zip(sources, relations, targets, strict=True))
    by_activity: dict[int, int] = {
        source: target
        for source, relation, target in compress(links, map(registers, sources))
        if relation == "wasAssociatedWith"
    }
    activities: dict[int, list[int]] = {}
    for source, relation, target in compress(links, map(registers, targets)):
        if relation == "wasGeneratedBy":
            activities.setdefault(source, []).append(target)
    parts: dict[int, Part] = {}
    for source, relation, target in compress(links, map(are_agents, targets)):
        part: Part = "named"
        if relation == "wasAssociatedWith" and subtypes[source] == "MODEL_RUN":
            part = "ran"
        elif source in by_activity or target in map(by_activity.get, activities.get(source, ())):
            part = "registered"
        known = parts.get(target, part)
        parts[target] = part if PARTS.index(part) < PARTS.index(known) else known
    return parts
