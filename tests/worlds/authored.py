"""A small registry with one workflow template of every kind of demand, and a record that meets them."""

from typing import Any

from provena_mcp.rules.records.references import Found, Known, Outcome, Refused
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.wire.items import JsonObject, ModelRunRecord, RegistryItem, parse_item
from tests.worlds.records import raw_record, templated

ENTITY, AGENT, ACTIVITY = "ENTITY", "AGENT", "ACTIVITY"


def _item(item_id: str, category: str, subtype: str, **domain: Any) -> JsonObject:
    return {
        "id": item_id,
        "item_category": category,
        "item_subtype": subtype,
        "record_type": "COMPLETE_ITEM",
        "display_name": f"The {item_id}",
        **domain,
    }


RESERVED: JsonObject = {
    "id": "reserved",
    "item_category": ENTITY,
    "item_subtype": "DATASET",
    "record_type": "SEED_ITEM",
}

ITEMS: dict[str, JsonObject] = {
    str(item["id"]): item
    for item in (
        _item(
            "recipe",
            ENTITY,
            "MODEL_RUN_WORKFLOW_TEMPLATE",
            software_id="model",
            input_templates=[{"template_id": "forcing"}, {"template_id": "params", "optional": True}],
            output_templates=[{"template_id": "result", "optional": False}],
            annotations={"required": ["scenario"], "optional": ["notes"]},
        ),
        _item("forcing", ENTITY, "DATASET_TEMPLATE"),
        _item(
            "params",
            ENTITY,
            "DATASET_TEMPLATE",
            deferred_resources=[
                {"key": "param_file", "description": "chosen per run", "usage_type": "PARAMETER_FILE"},
                {"key": "override", "description": "", "usage_type": "CONFIG_FILE", "optional": True},
            ],
        ),
        _item("result", ENTITY, "DATASET_TEMPLATE"),
        _item("other", ENTITY, "DATASET_TEMPLATE"),
        _item("model", ENTITY, "MODEL", name="model", description="a model"),
        _item("wind", ENTITY, "DATASET"),
        _item("settings", ENTITY, "DATASET"),
        _item("output", ENTITY, "DATASET"),
        _item("study", ACTIVITY, "STUDY", title="A study", description="of reefs"),
        _item("jane", AGENT, "PERSON", email="jane@example.org", first_name="Jane", last_name="Doe"),
        _item("reef", AGENT, "ORGANISATION", name="Reef"),
        RESERVED,
    )
}

SECRET = Refused("unreadable", "You are not authorised to fetch this item.")
NOWHERE = Refused("unknown", unknown_reason("nowhere"))


def known(**changes: Any) -> Known:
    """Everything looked up; ids of no item are unknown. ``changes`` replace outcomes or fields of items."""
    outcomes: dict[str, Outcome] = {"secret": SECRET}
    outcomes |= {item_id: Found(parse_item(raw)) for item_id, raw in ITEMS.items()}
    outcomes["nowhere"] = NOWHERE
    for item_id, change in changes.items():
        outcomes[item_id] = Found(parse_item(ITEMS[item_id] | change)) if isinstance(change, dict) else change
    return outcomes


def item_of(outcomes: Known, item_id: str) -> RegistryItem:
    """An item that was found."""
    outcome = outcomes[item_id]
    assert isinstance(outcome, Found)
    return outcome.item


def a_raw_record(**changes: Any) -> JsonObject:
    """A record that meets every demand of the recipe."""
    meeting_all: JsonObject = {
        "model_version": "1.0",
        "inputs": [templated("forcing", "wind"), templated("params", "settings", param_file="run.yaml")],
        "annotations": {"scenario": "baseline"},
        "study_id": "study",
        "associations": {"modeller_id": "jane", "requesting_organisation_id": "reef"},
    }
    return raw_record(**meeting_all | changes)


def a_record(**changes: Any) -> ModelRunRecord:
    return ModelRunRecord.model_validate(a_raw_record(**changes))
