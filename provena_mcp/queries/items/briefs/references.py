"""Which other items an item speaks of: the ids whose names its brief shows."""

from __future__ import annotations

from provena_mcp.wire.items import (
    CreateItem,
    DatasetItem,
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
