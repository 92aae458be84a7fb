"""The parts briefs are made of: names for ids, what every item has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from typing_extensions import TypedDict

from provena_mcp.queries.items.briefs.models import Ref, VersionBrief
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean, shown_text
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import (
    CreateItem,
    DatasetItem,
    DatasetTemplateItem,
    ModelRunItem,
    RegistryItem,
    VersionItem,
    WorkflowTemplateItem,
)


def references_of(item: RegistryItem) -> dict[str, str]:
    """Ids whose names a brief of ``item`` shows, each with its subtype (empty where not known)."""
    found: dict[str, str] = {}
    if isinstance(item, ModelRunItem):
        found = _references_of_run(item)
    elif isinstance(item, DatasetItem):
        info, who = item.collection_format.dataset_info, item.collection_format.associations
        found = _some(
            (who.organisation_id, "ORGANISATION"),
            (info.publisher_id, "ORGANISATION"),
            (who.data_custodian_id, "PERSON"),
            (item.release_approver, "PERSON"),
        )
    elif isinstance(item, WorkflowTemplateItem):
        templates = (*item.input_templates, *item.output_templates)
        found = _some((item.software_id, "MODEL"), *((t.template_id, "DATASET_TEMPLATE") for t in templates))
    elif isinstance(item, CreateItem):
        found = _some((item.created_item_id, ""))
    elif isinstance(item, VersionItem):
        found = _some((item.from_item_id, ""), (item.to_item_id, ""))
    return found


def _references_of_run(item: ModelRunItem) -> dict[str, str]:
    record = item.record
    datasets = (*record.inputs, *record.outputs)
    return _some(
        (record.workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE"),
        (record.study_id, "STUDY"),
        (record.associations.modeller_id, "PERSON"),
        (record.associations.requesting_organisation_id, "ORGANISATION"),
        *((dataset.dataset_id, "DATASET") for dataset in datasets),
        *((dataset.dataset_template_id, "DATASET_TEMPLATE") for dataset in datasets),
    )


def _some(*pairs: tuple[str | None, str]) -> dict[str, str]:
    return {item_id: subtype for item_id, subtype in pairs if item_id}


@dataclass(frozen=True)
class DatasetOrigin:
    """Who and what a dataset came from, as the graph's links of the dataset say."""

    runs: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What has been read beside the items to describe."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    model_of: Mapping[str, str] = field(default_factory=dict[str, str])
    origin_of: Mapping[str, DatasetOrigin] = field(default_factory=dict[str, DatasetOrigin])
    template_of: Mapping[str, DatasetTemplateItem] = field(default_factory=dict[str, DatasetTemplateItem])

    def ref(self, item_id: str | None) -> Ref | None:
        """An id with its name; none for no id."""
        return Ref(id=item_id, name=self.names.get(item_id)) if item_id else None


class Common(TypedDict):
    """Fields of every brief."""

    id: str
    type: str
    name: str
    created: str | None
    updated: str | None
    version: VersionBrief | None
    note: str | None


def common(item: RegistryItem) -> Common:
    """The part that every item has."""
    version = item.versioning_info
    return {
        "id": item.id,
        "type": item.item_subtype,
        "name": clean(item.display_name or "", NAME_LENGTH),
        "created": utc(item.created_timestamp),
        "updated": utc(item.updated_timestamp) if item.updated_timestamp != item.created_timestamp else None,
        "version": VersionBrief(
            number=version.version,
            previous=version.previous_version,
            superseded_by=version.next_version,
            reason=shown_text(version.reason),
        )
        if version and (version.version > 1 or version.next_version)
        else None,
        "note": "seed item: an id reserved without content" if item.is_seed else None,
    }
