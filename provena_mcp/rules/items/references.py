"""What an item refers to in the registry, and what is wrong with that (provena-http 7.6, 7.9)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known, Reference, Refused, missing, refusal_problem, resolve
from provena_mcp.wire.items import JsonObject

_UNAPPROVED = "The person must have approved the registration of their details: ethics_approved must be true."


def item_references(content: JsonObject, subtype: ContentSubtype, known: Known) -> frozenset[Reference]:
    """What must still be looked up before the content can be judged; empty when ``known`` suffices."""
    return missing((reference for _, reference in _named(content, subtype)), known)


def item_problems(content: JsonObject, subtype: ContentSubtype, known: Known) -> tuple[Problem, ...]:
    """All problems of an item's content, as ``read_item_content`` gave it, against the registry.

    Raises:
        KeyError: ``item_references`` is not empty.
    """
    return tuple(_problems(content, subtype, known))


def _problems(content: JsonObject, subtype: ContentSubtype, known: Known) -> Iterator[Problem]:
    if subtype == "PERSON" and content.get("ethics_approved") is not True:
        message = "The person has not been said to consent to being recorded; ask them, never assume it."
        yield Problem("ethics_approved", message, _UNAPPROVED)
    for path, reference in _named(content, subtype):
        found = resolve(reference.id, reference.subtype, known)
        if isinstance(found, Refused):
            detail = f"Provided {path} with id {reference.id} was not a valid id, error: {found.service_text}"
            yield refusal_problem(path, reference.id, reference.subtype, found, detail, known)


def _named(content: JsonObject, subtype: ContentSubtype) -> Iterator[tuple[str, Reference]]:
    if subtype == "MODEL_RUN_WORKFLOW_TEMPLATE":
        yield "software_id", Reference(_text(content["software_id"]), "MODEL", "model")
        for side in ("input_templates", "output_templates"):
            for index, place in enumerate(_objects(content[side])):
                template_id = _text(place["template_id"])
                reference = Reference(template_id, "DATASET_TEMPLATE", "dataset_template")
                yield f"{side}[{index}].template_id", reference
    elif subtype == "DATASET":
        yield from _named_by_dataset(content)


def _named_by_dataset(collection_format: JsonObject) -> Iterator[tuple[str, Reference]]:
    (associations,) = _objects([collection_format["associations"]])
    (info,) = _objects([collection_format["dataset_info"]])
    organisation_id = _text(associations["organisation_id"])
    yield "associations.organisation_id", Reference(organisation_id, "ORGANISATION", "organisation")
    if associations["data_custodian_id"] is not None:
        custodian_id = _text(associations["data_custodian_id"])
        yield "associations.data_custodian_id", Reference(custodian_id, "PERSON", "custodian")
    publisher_id = _text(info["publisher_id"])
    yield "dataset_info.publisher_id", Reference(publisher_id, "ORGANISATION", "publisher")


def _objects(values: JsonValue) -> list[JsonObject]:
    listed = values if isinstance(values, list) else []
    return [value for value in listed if isinstance(value, dict)]


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
