"""Registry subtypes, their categories and their route prefixes (provena-http 7.1)."""

from __future__ import annotations

from typing import Final, Literal, get_args

ItemCategory = Literal["ACTIVITY", "AGENT", "ENTITY"]

ItemSubtype = Literal[
    "MODEL_RUN",
    "STUDY",
    "CREATE",
    "VERSION",
    "PERSON",
    "ORGANISATION",
    "MODEL",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
    "DATASET",
]

# All that the services' own enumeration holds, in its order; three of them have no routes and no items.
ServiceSubtype = Literal[
    "WORKFLOW_RUN",
    "MODEL_RUN",
    "STUDY",
    "CREATE",
    "VERSION",
    "PERSON",
    "ORGANISATION",
    "SOFTWARE",
    "MODEL",
    "WORKFLOW_TEMPLATE",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET",
    "DATASET_TEMPLATE",
]

SUBTYPES: Final[tuple[ItemSubtype, ...]] = get_args(ItemSubtype)

NAMED_SUBTYPES: Final[tuple[ItemSubtype, ...]] = (
    "DATASET",
    "MODEL_RUN",
    "STUDY",
    "MODEL",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
    "PERSON",
    "ORGANISATION",
)
"""What people give names and look for, the likeliest first: not registrations and new versions."""

CATEGORY_OF: Final[dict[ItemSubtype, ItemCategory]] = {
    "MODEL_RUN": "ACTIVITY",
    "STUDY": "ACTIVITY",
    "CREATE": "ACTIVITY",
    "VERSION": "ACTIVITY",
    "PERSON": "AGENT",
    "ORGANISATION": "AGENT",
    "MODEL": "ENTITY",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "ENTITY",
    "DATASET_TEMPLATE": "ENTITY",
    "DATASET": "ENTITY",
}

ROUTE_OF: Final[dict[ItemSubtype, str]] = {
    "MODEL_RUN": "/registry/activity/model_run",
    "STUDY": "/registry/activity/study",
    "CREATE": "/registry/activity/create",
    "VERSION": "/registry/activity/version",
    "PERSON": "/registry/agent/person",
    "ORGANISATION": "/registry/agent/organisation",
    "MODEL": "/registry/entity/model",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "/registry/entity/model_run_workflow",
    "DATASET_TEMPLATE": "/registry/entity/dataset_template",
    "DATASET": "/registry/entity/dataset",
}

# A run's template is written to the graph under the first name and to the registry under the
# second; which one a graph shows depends on which job wrote last (provena-http 5.3, B4).
GRAPH_WORKFLOW_TEMPLATE: Final = "WORKFLOW_TEMPLATE"
REGISTRY_WORKFLOW_TEMPLATE: Final = "MODEL_RUN_WORKFLOW_TEMPLATE"


REGISTRY_WORD: Final = {GRAPH_WORKFLOW_TEMPLATE: REGISTRY_WORKFLOW_TEMPLATE}
"""The registry's word for a subtype, where a graph has another."""


def registry_subtype(subtype: str) -> str:
    """The registry's word for a subtype; the graph uses another one for workflow templates."""
    return REGISTRY_WORD.get(subtype, subtype)
