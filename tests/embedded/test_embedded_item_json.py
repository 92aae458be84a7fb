"""Typed items hold every field of their models, whichever module a field is added to."""

from __future__ import annotations

from typing import Any

import pytest

from provena_mcp.embedded.item_json import seeded_item, typed_item, with_every_field
from provena_mcp.rules.items.schema import json_schema
from provena_mcp.wire.base import Wire
from provena_mcp.wire.dataset_metadata import CollectionFormat, DatasetInfo
from provena_mcp.wire.items import MODEL_OF, DatasetItem
from provena_mcp.wire.subtypes import SUBTYPES, ItemSubtype
from tests.worlds.small import Json, dataset, item, model


class _Instrument(Wire):
    serial: str
    channels: tuple[int, ...] = ()


class _Info(DatasetInfo):
    instruments: tuple[_Instrument, ...] = ()
    calibrated_by: str | None = None


class _Format(CollectionFormat):
    dataset_info: _Info = _Info()


class _Dataset(DatasetItem):
    collection_format: _Format = _Format()
    review: _Instrument | None = None
    score: int = 3


def test_a_field_added_to_a_model_at_any_depth_is_answered() -> None:
    raw = dataset("w/a")
    info = raw["collection_format"]["dataset_info"] | {"instruments": [{"serial": "7", "left": "out"}]}
    changed = raw | {"collection_format": {"dataset_info": info}, "review": {"channels": [1]}}
    before: Any = typed_item(raw, "DATASET")
    after = with_every_field(changed, _Dataset)
    before["collection_format"]["dataset_info"] |= {
        "instruments": [{"serial": "7", "channels": []}],
        "calibrated_by": None,
    }
    assert after == before | {"review": {"serial": None, "channels": [1]}, "score": 3}


def test_there_is_a_model_for_every_subtype() -> None:
    assert set(MODEL_OF) == set(SUBTYPES)


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_every_field_that_the_registry_describes_is_answered(subtype: ItemSubtype) -> None:
    schema: Any = json_schema(subtype)
    answered = with_every_field({}, MODEL_OF[subtype])
    assert set(schema["properties"]) - set(answered) == set()
    filled = with_every_field(_filled(schema, schema), MODEL_OF[subtype])
    assert _lost(_filled(schema, schema), filled, "item") == []


def test_states_in_the_history_hold_what_the_item_says_itself() -> None:
    old: Json = {"history": [{"id": 0, "timestamp": 5, "item": {"name": "Old", "unknown": 1}}]}
    raw = model("w/m") | old
    assert typed_item(raw, "MODEL")["history"] == [
        {
            "id": 0,
            "timestamp": 5,
            "reason": "",
            "username": None,
            "item": {
                "display_name": None,
                "user_metadata": None,
                "name": "Old",
                "description": None,
                "documentation_url": None,
                "source_url": None,
            },
        }
    ]


def test_a_seed_is_what_the_registry_itself_knows() -> None:
    raw = item("w/s", "STUDY", 9, title="left out") | {"record_type": "SEED_ITEM"}
    assert seeded_item(raw) == {
        "id": "w/s",
        "item_category": "ACTIVITY",
        "item_subtype": "STUDY",
        "record_type": "SEED_ITEM",
        "owner_username": "jane",
        "created_timestamp": 9,
        "updated_timestamp": 9,
        "workflow_links": None,
        "versioning_info": None,
    }


def _filled(schema: Json, root: Json) -> Any:
    """A value in which every field of a JSON schema has a value."""
    if "$ref" in schema:
        return _filled(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return _filled(next(part for part in schema["anyOf"] if part != {"type": "null"}), root)
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: _filled(part, root) for name, part in schema["properties"].items()}
        case "array":
            return [_filled(schema["items"], root)]
        case _:
            return "x"


def _lost(given: Any, answered: Any, place: str) -> list[str]:
    """Where a value that was given is not answered."""
    if isinstance(given, dict):
        return [
            lost
            for name, value in given.items()
            for lost in _lost(value, answered.get(name), f"{place}.{name}")
        ]
    if isinstance(given, list):
        return [lost for index, part in enumerate(given) for lost in _lost(part, answered[index], place)]
    return [] if given == answered else [place]
