"""How Provena's registry words its refusal of an id (provena-http 7.4).

The embedded registry answers in these words and the checks of a record quote them.
"""

from __future__ import annotations

from typing import Final

from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.subtypes import CATEGORY_OF, ItemSubtype, registry_subtype

SEED_REASON: Final = "A valid seed item was found, but seed_allowed was set to false."
BLANK_ID_REASON: Final = "Value error. Details ID cannot be empty."

# Required domain fields and class names of the registry's own models, in its order (provena-http 7.6).
_MODEL_NAME: Final[dict[ItemSubtype, str]] = {
    "MODEL_RUN": "ItemModelRun",
    "STUDY": "ItemStudy",
    "CREATE": "ItemCreate",
    "VERSION": "ItemVersion",
    "PERSON": "ItemPerson",
    "ORGANISATION": "ItemOrganisation",
    "MODEL": "ItemModel",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "ItemModelRunWorkflowTemplate",
    "DATASET_TEMPLATE": "ItemDatasetTemplate",
    "DATASET": "ItemDataset",
}
_REQUIRED: Final[dict[ItemSubtype, tuple[str, ...]]] = {
    "MODEL_RUN": ("record_status", "record", "prov_serialisation"),
    "STUDY": ("title", "description"),
    "CREATE": ("created_item_id",),
    "VERSION": ("reason", "from_item_id", "to_item_id", "new_version_number"),
    "PERSON": ("email", "first_name", "last_name"),
    "ORGANISATION": ("name",),
    "MODEL": ("name", "description", "documentation_url", "source_url"),
    "MODEL_RUN_WORKFLOW_TEMPLATE": ("software_id",),
    "DATASET_TEMPLATE": (),
    "DATASET": ("collection_format", "s3", "release_status"),
}


def unknown_reason(item_id: str) -> str:
    """What the registry says of an id it does not hold."""
    return (
        f"Could not find the given key ({item_id}) in the registry. Details "
        f"\"Failed to find item. Is the ID ('{item_id}') correct and in the database?\"."
    )


def wrong_subtype_reason(item: RegistryItem, wanted: ItemSubtype) -> str:
    """What the registry says when a complete ``item`` is fetched as another subtype than its own."""
    complaints = list(_mismatches(item, wanted))
    plural = "s" if len(complaints) != 1 else ""
    report = "\n".join(f"{where}\n  {what}" for where, what in complaints)
    return (
        "The record was found but could not parsed as an appropriate type: Error The record was marked as a "
        "COMPLETE_ITEM but could not be parsed as the correct model. Error: "
        f"{len(complaints)} validation error{plural} for {_MODEL_NAME[wanted]}\n{report}.."
    )


def _mismatches(item: RegistryItem, wanted: ItemSubtype) -> list[tuple[str, str]]:
    missing = "field required (type=value_error.missing)"
    raw = item.as_json()
    complaints = [(name, missing) for name in _REQUIRED[wanted] if name not in raw]
    for index, entry in enumerate(item.history):
        past = entry.item or {}
        complaints.extend(
            (f"history -> {index} -> item -> {name}", missing)
            for name in _REQUIRED[wanted]
            if name not in past
        )
    category = CATEGORY_OF[wanted]
    if item.item_category != category:
        text = (
            f"Incorrect item_category provided. The required category is {category}. (type=assertion_error)"
        )
        complaints.append(("item_category", text))
    if registry_subtype(item.item_subtype) != wanted:
        text = f"Incorrect item_subtype provided. The required type is {wanted}. (type=assertion_error)"
        complaints.append(("item_subtype", text))
    return complaints
