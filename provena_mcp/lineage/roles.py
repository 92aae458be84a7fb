"""What an agent did for the items of a lineage, in plain words."""

from __future__ import annotations

from typing import Final

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
