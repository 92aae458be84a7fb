"""Whether the content of an item has the registry's form, and refers to the right things."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provena_mcp.rules.items.references import item_problems, item_references
from provena_mcp.rules.items.schema import (
    ContentSubtype,
    item_schema_problems,
    json_schema,
    read_item_content,
)
from provena_mcp.rules.records.references import Found, Known, Refused
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.wire.items import JsonObject, parse_item
from provena_mcp.wire.subtypes import SUBTYPES
from tests.recordings.recorded import read_items
from tests.worlds.authored import ITEMS

NOT_NEEDED = {"relevant": False, "obtained": False}
DATASET: dict[str, Any] = {
    "associations": {"organisation_id": "reef", "data_custodian_id": "jane"},
    "approvals": {
        "ethics_registration": NOT_NEEDED,
        "ethics_access": NOT_NEEDED,
        "indigenous_knowledge": NOT_NEEDED,
        "export_controls": NOT_NEEDED,
    },
    "dataset_info": {
        "name": "Wind",
        "description": "Wind speeds",
        "access_info": {"reposited": True},
        "publisher_id": "reef",
        "created_date": {"relevant": True, "value": "2024-05-01"},
        "published_date": {"relevant": False},
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "spatial_info": {"coverage": "SRID=4326;POINT(145 -20)"},
        "temporal_info": {
            "duration": {"begin_date": "2020-01-01", "end_date": "2020-12-31"},
            "resolution": "P1DT6H",
        },
    },
}


def with_info(**info: Any) -> dict[str, Any]:
    return {**DATASET, "dataset_info": {**DATASET["dataset_info"], **info}}


def complaints(content: Any, subtype: ContentSubtype) -> list[tuple[str, str]]:
    return [
        (".".join(map(str, problem.loc)), problem.msg)
        for problem in item_schema_problems(content, subtype, loc=())
    ]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(kept) for key, kept in value.items() if kept is not None}
    return [without_nulls(kept) for kept in value] if isinstance(value, list) else value


def known(*extra: str) -> Known:
    outcomes: dict[str, Found | Refused] = {item_id: Found(parse_item(raw)) for item_id, raw in ITEMS.items()}
    return outcomes | {item_id: Refused("unknown", unknown_reason(item_id)) for item_id in extra}


def test_what_the_registry_took_is_well_formed_and_kept_as_it_is() -> None:
    contents = [
        (item["item_subtype"], item["history"][0]["item"])
        for item in read_items()
        if item["item_subtype"] not in ("MODEL_RUN", "CREATE", "VERSION")
    ]

    for subtype, content in contents:
        sent = content["collection_format"] if subtype == "DATASET" else content
        assert complaints(sent, subtype) == []
        assert without_nulls(read_item_content(sent, subtype)) == without_nulls(sent)
    assert len(contents) == 41


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (with_info(colour="blue"), ("dataset_info.colour", "extra fields not permitted")),
        (with_info(name=""), ("dataset_info.name", "string must not be empty")),
        (with_info(license="free"), ("dataset_info.license", "invalid or missing URL scheme")),
        (
            with_info(created_date={"relevant": True, "value": "2024-13-01"}),
            ("dataset_info.created_date.value", "invalid date format"),
        ),
        (
            with_info(published_date={"relevant": True}),
            ("dataset_info.published_date", "a date is required if it is relevant, and only then"),
        ),
        (
            with_info(access_info={"reposited": False, "uri": "https://example.org/d"}),
            (
                "dataset_info.access_info",
                "uri and description are required if the data is not reposited, and only then",
            ),
        ),
        (
            with_info(
                access_info={"reposited": True, "uri": "https://example.org/d", "description": "There"}
            ),
            (
                "dataset_info.access_info",
                "uri and description are required if the data is not reposited, and only then",
            ),
        ),
        (
            with_info(spatial_info={"extent": "POINT(145 -20)"}),
            (
                "dataset_info.spatial_info.extent",
                "value is not extended WKT, written as SRID=<number>;<WKT>",
            ),
        ),
        (
            with_info(temporal_info={"resolution": "daily"}),
            ("dataset_info.temporal_info.resolution", "value is not an ISO 8601 duration"),
        ),
        (
            with_info(temporal_info={"duration": {"begin_date": "2021-01-01", "end_date": "2020-01-01"}}),
            ("dataset_info.temporal_info.duration", "begin_date must not be after end_date"),
        ),
    ],
)
def test_each_fault_of_a_datasets_metadata_is_named(content: Any, complaint: tuple[str, str]) -> None:
    assert complaints(DATASET, "DATASET") == []
    assert complaints(content, "DATASET") == [complaint]


@pytest.mark.parametrize("duration", ["P", "PT", "P1H", "1D", "P1DT", "P-1D"])
def test_what_is_no_duration_is_refused(duration: str) -> None:
    assert len(complaints(with_info(temporal_info={"resolution": duration}), "DATASET")) == 1


def test_keys_given_twice_are_named() -> None:
    resource = {"key": "config", "description": "", "usage_type": "CONFIG_FILE"}
    template = {"display_name": "T", "deferred_resources": [resource, resource]}
    workflow = {
        "display_name": "W",
        "software_id": "model",
        "annotations": {"required": ["a", "b"], "optional": ["b"]},
    }

    assert complaints(template, "DATASET_TEMPLATE") == [
        ("", "deferred resource keys must differ; given more than once: 'config'")
    ]
    assert complaints(workflow, "MODEL_RUN_WORKFLOW_TEMPLATE") == [
        ("annotations", "annotation keys must differ; given more than once: 'b'")
    ]


def test_content_is_read_with_every_field_and_without_unknown_ones() -> None:
    content = {"display_name": 7, "name": "Reef", "colour": "blue"}

    assert read_item_content(content, "ORGANISATION") == {
        "display_name": "7",
        "user_metadata": None,
        "name": "Reef",
        "ror": None,
    }


def test_what_an_item_refers_to_is_looked_up_and_must_be_of_the_right_kind() -> None:
    content = read_item_content(
        {
            "display_name": "W",
            "software_id": "study",
            "input_templates": [{"template_id": "forcing"}],
            "output_templates": [{"template_id": "nowhere"}],
        },
        "MODEL_RUN_WORKFLOW_TEMPLATE",
    )

    wanted = item_references(content, "MODEL_RUN_WORKFLOW_TEMPLATE", {})
    found = item_problems(content, "MODEL_RUN_WORKFLOW_TEMPLATE", known("nowhere"))

    assert {(reference.id, reference.subtype) for reference in wanted} == {
        ("study", "MODEL"),
        ("forcing", "DATASET_TEMPLATE"),
        ("nowhere", "DATASET_TEMPLATE"),
    }
    assert [(problem.path, problem.value, problem.subtype) for problem in found] == [
        ("software_id", "study", "MODEL"),
        ("output_templates[0].template_id", "nowhere", "DATASET_TEMPLATE"),
    ]


def test_a_datasets_people_and_organisations_must_exist() -> None:
    content = read_item_content({**DATASET, "associations": {"organisation_id": "jane"}}, "DATASET")

    found = item_problems(content, "DATASET", known())

    assert [(problem.path, problem.subtype) for problem in found] == [
        ("associations.organisation_id", "ORGANISATION")
    ]
    assert item_problems(read_item_content(DATASET, "DATASET"), "DATASET", known()) == ()


def test_consent_is_never_assumed() -> None:
    person: JsonObject = {
        "display_name": "Ada",
        "first_name": "Ada",
        "last_name": "L",
        "email": "ada@example.org",
    }

    unasked = item_problems(read_item_content(person, "PERSON"), "PERSON", {})
    asked = item_problems(read_item_content({**person, "ethics_approved": True}, "PERSON"), "PERSON", {})

    assert [(problem.path, problem.service_detail) for problem in unasked] == [
        (
            "ethics_approved",
            "The person must have approved the registration of their details: ethics_approved must be true.",
        )
    ]
    assert asked == ()


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_every_subtype_has_a_json_schema_of_its_content(subtype: Any) -> None:
    schema = json_schema(subtype)

    assert (schema["type"], "display_name" in json.dumps(schema["required"])) == ("object", True)
