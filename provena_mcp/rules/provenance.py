"""What a registry item asserts: its nodes and links in the provenance graph (provena-http 5.2, 5.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.items import JsonObject, ModelRunRecord, TemplatedDataset, as_object
from provena_mcp.wire.subtypes import GRAPH_WORKFLOW_TEMPLATE

if TYPE_CHECKING:
    from provena_mcp.wire.stored_runs import StoredDataset, StoredRecord

NAMESPACE: Final = "http://hdl.handle.net/"
# Stands for the same as the default; a name with a colon needs a prefix, for it would be read as one.
_PREFIX: Final = "hdl"

# W3C PROV-JSON's names for the two ends of each relation, source first.
_ENDS: Final[dict[str, tuple[str, str]]] = {
    "used": ("prov:activity", "prov:entity"),
    "wasGeneratedBy": ("prov:entity", "prov:activity"),
    "wasAttributedTo": ("prov:entity", "prov:agent"),
    "wasAssociatedWith": ("prov:activity", "prov:agent"),
    "wasInformedBy": ("prov:informed", "prov:informant"),
    "hadMember": ("prov:collection", "prov:entity"),
    "wasInfluencedBy": ("prov:influencee", "prov:influencer"),
}


def prov_json(graph: ProvenanceGraph) -> str:
    """The PROV-JSON string of a graph that a run, creation or versioning asserts.

    Raises:
        KeyError: A relation that Provena does not produce (provena-http 5.2).
    """
    document: dict[str, JsonObject] = {"prefix": {"default": NAMESPACE}}
    if any(":" in node_id for node_id in graph.nodes):
        document["prefix"][_PREFIX] = NAMESPACE
    for node_id, kind in graph.nodes.items():
        described: JsonObject = {"id": node_id, "item_category": kind.category, "item_subtype": kind.subtype}
        document.setdefault(kind.category.lower(), {})[_name(node_id)] = described
    for number, link in enumerate(graph.links, start=1):
        source_end, target_end = _ENDS[link.relation]
        ends: JsonObject = {source_end: _name(link.source), target_end: _name(link.target)}
        document.setdefault(link.relation, {})[f"_:id{number}"] = ends
    return json.dumps(document)


def readable_prov_json(document: dict[str, JsonObject]) -> dict[str, JsonObject]:
    """A stored PROV-JSON document with a prefix before every handle that holds a colon.

    Older documents have such handles as they are, which readers of PROV-JSON take for names of an unknown
    prefix.
    """
    prefixes = {*document.get("prefix", {}), "_", "prov", "xsd"}

    def named(name: JsonValue) -> JsonValue:
        is_bare = isinstance(name, str) and ":" in name and name.partition(":")[0] not in prefixes
        return f"{_PREFIX}:{name}" if is_bare else name

    readable: dict[str, JsonObject] = {"prefix": document.get("prefix", {})}
    for section, records in document.items():
        if section in ("entity", "activity", "agent"):
            readable[section] = {str(named(name)): described for name, described in records.items()}
        elif section != "prefix":
            readable[section] = {name: _ends_named(ends, named) for name, ends in records.items()}
    if readable != document:
        readable["prefix"] = {**readable["prefix"], _PREFIX: NAMESPACE}
    return readable


def model_in(serialisation: str | None) -> str | None:
    """The one model in a run's stored PROV-JSON (provena-http 5.6); none where that does not tell."""
    try:
        document: JsonValue = json.loads(serialisation or "")
    except ValueError:
        return None
    described = [*map(as_object, as_object(as_object(document).get("entity")).values())]
    models = [each.get("id") for each in described if each.get("item_subtype") == "MODEL"]
    return models[0] if len(models) == 1 and isinstance(models[0], str) else None


def _ends_named(ends: JsonValue, named: Callable[[JsonValue], JsonValue]) -> JsonValue:
    return {role: named(end) for role, end in ends.items()} if isinstance(ends, dict) else ends


def _name(handle: str) -> str:
    return f"{_PREFIX}:{handle}" if ":" in handle else handle


_RUN: Final = Kind("ACTIVITY", "MODEL_RUN")
_STUDY: Final = Kind("ACTIVITY", "STUDY")
_CREATE: Final = Kind("ACTIVITY", "CREATE")
_VERSION: Final = Kind("ACTIVITY", "VERSION")
_DATASET: Final = Kind("ENTITY", "DATASET")
_DATASET_TEMPLATE: Final = Kind("ENTITY", "DATASET_TEMPLATE")
_WORKFLOW_TEMPLATE: Final = Kind("ENTITY", GRAPH_WORKFLOW_TEMPLATE)
_MODEL: Final = Kind("ENTITY", "MODEL")
_PERSON: Final = Kind("AGENT", "PERSON")
_ORGANISATION: Final = Kind("AGENT", "ORGANISATION")


def assert_model_run(run_id: str, record: ModelRunRecord | StoredRecord, software_id: str) -> ProvenanceGraph:
    """The part of the graph one model run asserts (provena-http 5.2).

    ``software_id`` is the model its workflow template names. An organisation id that is an empty
    string is still an organisation (provena-http 4.1).
    """
    template_id = record.workflow_template_id
    modeller_id = record.associations.modeller_id
    organisation_id = record.associations.requesting_organisation_id
    nodes = {
        run_id: _RUN,
        template_id: _WORKFLOW_TEMPLATE,
        software_id: _MODEL,
        modeller_id: _PERSON,
    }
    links = [
        Link(run_id, "used", software_id),
        Link(run_id, "used", template_id),
        Link(run_id, "wasAssociatedWith", modeller_id),
        Link(template_id, "hadMember", software_id),
    ]
    if record.study_id:
        nodes[record.study_id] = _STUDY
        links.append(Link(run_id, "wasInformedBy", record.study_id))
    if organisation_id is not None:
        nodes[organisation_id] = _ORGANISATION
        links.append(Link(run_id, "wasAssociatedWith", organisation_id))
    links.extend(Link(run_id, "used", dataset.dataset_id) for dataset in record.inputs)
    for dataset in record.outputs:
        links.append(Link(dataset.dataset_id, "wasGeneratedBy", run_id))
        links.append(Link(dataset.dataset_id, "wasAttributedTo", modeller_id))
    for dataset in (*record.inputs, *record.outputs):
        nodes[dataset.dataset_id] = _DATASET
        nodes[dataset.dataset_template_id] = _DATASET_TEMPLATE
        links.extend(_templating(template_id, dataset))
    return ProvenanceGraph(nodes, _one_link_per_pair(links))


def assert_creation(
    create_id: str, item_id: str, item_subtype: str, person_id: str | None
) -> ProvenanceGraph:
    """The part of the graph a CREATE activity asserts (provena-http 5.3).

    ``person_id`` is the Person linked to the item's owner; without one the activity is asserted alone.
    """
    nodes = {create_id: _CREATE, item_id: Kind("ENTITY", item_subtype)}
    links = [Link(item_id, "wasGeneratedBy", create_id)]
    return _with_person(nodes, links, activity_id=create_id, item_id=item_id, person_id=person_id)


def assert_version(
    version_id: str, from_item_id: str, to_item_id: str, item_subtype: str, person_id: str | None
) -> ProvenanceGraph:
    """The part of the graph a VERSION activity asserts (provena-http 5.3).

    ``person_id`` is the Person linked to the item's owner; without one the activity is asserted alone.
    """
    kind = Kind("ENTITY", item_subtype)
    nodes = {version_id: _VERSION, from_item_id: kind, to_item_id: kind}
    links = [Link(to_item_id, "wasGeneratedBy", version_id), Link(version_id, "used", from_item_id)]
    return _with_person(nodes, links, activity_id=version_id, item_id=to_item_id, person_id=person_id)


def _templating(workflow_template_id: str, dataset: TemplatedDataset | StoredDataset) -> tuple[Link, Link]:
    return (
        Link(workflow_template_id, "hadMember", dataset.dataset_template_id),
        Link(dataset.dataset_id, "wasInfluencedBy", dataset.dataset_template_id),
    )


def _with_person(
    nodes: dict[str, Kind], links: list[Link], *, activity_id: str, item_id: str, person_id: str | None
) -> ProvenanceGraph:
    if person_id is None:
        return ProvenanceGraph(nodes, tuple(links))
    responsible = (
        Link(activity_id, "wasAssociatedWith", person_id),
        Link(item_id, "wasAttributedTo", person_id),
    )
    return ProvenanceGraph({**nodes, person_id: _PERSON}, (*links, *responsible))


def _one_link_per_pair(links: Iterable[Link]) -> tuple[Link, ...]:
    first: dict[tuple[str, str], Link] = {}
    for link in links:
        first.setdefault((link.source, link.target), link)
    return tuple(first.values())
