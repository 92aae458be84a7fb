"""Typed registry items: every field of a subtype's model, null where it has no value (provena-http 7.6)."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue

from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.subtypes import ItemSubtype

# A template shows a model with its defaults: an object stands for an object or null, a list of one
# object for a list of such objects, anything else for any value, itself being the default.
_RELEVANCE: Final[JsonObject] = {"relevant": False, "obtained": False}
_DATE: Final[JsonObject] = {"relevant": None, "value": None}
_RECORD_DATASET: Final[JsonObject] = {
    "dataset_template_id": None,
    "dataset_id": None,
    "dataset_type": "DATA_STORE",
    "resources": None,
}
_TEMPLATE: Final[JsonObject] = {"template_id": None, "optional": None}
_RESOURCE: Final[JsonObject] = {
    "description": None,
    "usage_type": None,
    "optional": None,
    "is_folder": None,
    "additional_metadata": None,
}

_DOMAIN: Final[dict[ItemSubtype, JsonObject]] = {
    "MODEL_RUN": {
        "record_status": None,
        "record": {
            "workflow_template_id": None,
            "model_version": None,
            "inputs": [_RECORD_DATASET],
            "outputs": [_RECORD_DATASET],
            "annotations": None,
            "display_name": None,
            "description": None,
            "study_id": None,
            "associations": {"modeller_id": None, "requesting_organisation_id": None},
            "start_time": None,
            "end_time": None,
        },
        "prov_serialisation": None,
    },
    "STUDY": {"title": None, "description": None, "study_alternative_id": None},
    "CREATE": {"created_item_id": None},
    "VERSION": {"reason": None, "from_item_id": None, "to_item_id": None, "new_version_number": None},
    "PERSON": {
        "email": None,
        "first_name": None,
        "last_name": None,
        "orcid": None,
        "ethics_approved": None,
    },
    "ORGANISATION": {"name": None, "ror": None},
    "MODEL": {"name": None, "description": None, "documentation_url": None, "source_url": None},
    "MODEL_RUN_WORKFLOW_TEMPLATE": {
        "software_id": None,
        "input_templates": [_TEMPLATE],
        "output_templates": [_TEMPLATE],
        "annotations": {"required": [], "optional": []},
    },
    "DATASET_TEMPLATE": {
        "description": None,
        "defined_resources": [{"path": None, **_RESOURCE}],
        "deferred_resources": [{"key": None, **_RESOURCE}],
    },
    "DATASET": {
        "collection_format": {
            "associations": {"organisation_id": None, "data_custodian_id": None, "point_of_contact": None},
            "approvals": {
                "ethics_registration": _RELEVANCE,
                "ethics_access": _RELEVANCE,
                "indigenous_knowledge": _RELEVANCE,
                "export_controls": _RELEVANCE,
            },
            "dataset_info": {
                "name": None,
                "description": None,
                "access_info": {"reposited": None, "uri": None, "description": None},
                "publisher_id": None,
                "created_date": _DATE,
                "published_date": _DATE,
                "license": None,
                "purpose": None,
                "rights_holder": None,
                "usage_limitations": None,
                "preferred_citation": None,
                "spatial_info": {"coverage": None, "resolution": None, "extent": None},
                "temporal_info": {"duration": {"begin_date": None, "end_date": None}, "resolution": None},
                "formats": None,
                "keywords": None,
                "user_metadata": None,
                "version": None,
            },
        },
        "s3": {"bucket_name": None, "path": None, "s3_uri": None},
        "release_history": [
            {"action": None, "timestamp": None, "approver": None, "requester": None, "notes": None}
        ],
        "release_status": None,
        "release_approver": None,
        "release_timestamp": None,
        "access_info_uri": None,
    },
}
_COMMON: Final[JsonObject] = {"display_name": None, "user_metadata": None}
_RECORD_INFO: Final[JsonObject] = {
    "id": None,
    "owner_username": None,
    "created_timestamp": None,
    "updated_timestamp": None,
    "item_category": None,
    "item_subtype": None,
    "record_type": None,
    "workflow_links": {"create_activity_workflow_id": None, "version_activity_workflow_id": None},
    "versioning_info": {"previous_version": None, "version": 1, "reason": None, "next_version": None},
}


def _item_template(subtype: ItemSubtype) -> JsonObject:
    domain = {**_COMMON, **_DOMAIN[subtype]}
    entry: JsonObject = {"id": None, "timestamp": None, "reason": None, "username": None, "item": domain}
    return {**domain, "history": [entry], **_RECORD_INFO}


_ITEM: Final[dict[ItemSubtype, JsonObject]] = {subtype: _item_template(subtype) for subtype in _DOMAIN}


def typed_item(raw: JsonObject, subtype: ItemSubtype) -> JsonObject:
    """A complete item as the typed routes answer it; keys its model does not know are dropped.

    Items from older deployments lack fields that the registry's model requires; where the registry
    would refuse to parse them, they are answered with nulls.
    """
    return _object(_ITEM[subtype], raw)


def seeded_item(raw: JsonObject) -> JsonObject:
    """A seed item as the typed routes answer it."""
    return _object(_RECORD_INFO, raw)


def _object(template: JsonObject, raw: JsonObject) -> JsonObject:
    return {name: _filled(part, raw.get(name)) for name, part in template.items()}


def _filled(template: JsonValue, value: JsonValue) -> JsonValue:
    if isinstance(template, dict):
        return _object(template, value) if isinstance(value, dict) else value
    if value is None:
        return [] if isinstance(template, list) else template
    if isinstance(template, list) and template and isinstance(value, list):
        return [_filled(template[0], entry) for entry in value]
    return value
