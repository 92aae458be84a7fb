"""Registry items, parsed leniently: old records lack fields and carry others (provena-http 7.6).

The record of a model run is the same when it is registered and when it is stored (provena-http 4.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, SkipValidation, TypeAdapter, model_validator

from provena_mcp.wire.base import Wire
from provena_mcp.wire.dataset_metadata import CollectionFormat, S3Location


class TemplatedDataset(Wire):
    """A dataset in the role a dataset template gives it."""

    dataset_template_id: str
    dataset_id: str
    dataset_type: Literal["DATA_STORE"] = "DATA_STORE"
    resources: dict[str, str] | None = None


class Associations(Wire):
    """Who ran it, and for whom."""

    modeller_id: str
    requesting_organisation_id: str | None = None


class ModelRunRecord(Wire):
    """One model run: what it used, made, and when (times in Unix seconds)."""

    workflow_template_id: str
    model_version: str | None = None
    inputs: tuple[TemplatedDataset, ...] = ()
    outputs: tuple[TemplatedDataset, ...] = ()
    annotations: dict[str, str] | None = None
    display_name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    study_id: str | None = None
    associations: Associations
    start_time: int
    end_time: int

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.start_time > self.end_time:
            message = (
                f"The 'start_time' value ({self.start_time}) must be smaller than or equal to the "
                f"'end_time' value ({self.end_time})."
            )
            raise ValueError(message)
        return self


JsonObject = dict[str, JsonValue]
# The same of what a JSON parser has made: to look at every value again takes longer than all else.
ParsedObject = dict[str, Annotated[JsonValue, SkipValidation]]


def as_object(value: JsonValue) -> JsonObject:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


ReleaseStatus = Literal["NOT_RELEASED", "PENDING", "RELEASED"]


class VersioningInfo(Wire):
    """Where an item stands in its chain of versions."""

    version: int = 1
    previous_version: str | None = None
    next_version: str | None = None
    reason: str | None = None


class WorkflowLinks(Wire):
    """Sessions of the jobs that lodge an item's Create and Version activities."""

    create_activity_workflow_id: str | None = None
    version_activity_workflow_id: str | None = None


class HistoryEntry(Wire):
    """One edit of a record, newest first in ``history``."""

    id: int
    timestamp: int
    reason: str = ""
    username: str | None = None
    item: ParsedObject | None = None


class RecordInfo(Wire):
    """What the registry itself knows of an item; a seed item is nothing else."""

    id: str = Field(min_length=1)
    item_category: str
    item_subtype: str
    record_type: str = "COMPLETE_ITEM"
    owner_username: str | None = None
    created_timestamp: int = 0
    updated_timestamp: int = 0
    workflow_links: WorkflowLinks | None = None
    versioning_info: VersioningInfo | None = None


class RegistryItem(RecordInfo):
    """What every registry item has; of a seed item the rest is missing."""

    display_name: str | None = None
    user_metadata: dict[str, str] | None = None
    history: tuple[HistoryEntry, ...] = ()

    @property
    def is_seed(self) -> bool:
        """Whether only an id has been reserved so far."""
        return self.record_type == "SEED_ITEM"

    def as_json(self) -> JsonObject:
        """The item as it was read, unknown keys included."""
        return self.model_dump(mode="json", exclude_unset=True)


class ModelRunItem(RegistryItem):
    """A registered model run."""

    record: ModelRunRecord
    record_status: str = "COMPLETE"
    prov_serialisation: str | None = None


class TemplateResource(Wire):
    """A dataset template's place in a workflow."""

    template_id: str
    optional: bool | None = None


class WorkflowAnnotations(Wire):
    """Annotation keys a workflow asks of its runs."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def _none_to_empty(value: Any) -> Any:
    return () if value is None else value


class WorkflowTemplateItem(RegistryItem):
    """The recipe of a kind of run: one model, its input and output templates."""

    software_id: str
    input_templates: Annotated[tuple[TemplateResource, ...], BeforeValidator(_none_to_empty)] = ()
    output_templates: Annotated[tuple[TemplateResource, ...], BeforeValidator(_none_to_empty)] = ()
    annotations: WorkflowAnnotations | None = None


class DefinedResource(Wire):
    """A file whose path the template fixes."""

    path: str
    description: str = ""
    usage_type: str = "GENERAL_DATA"
    optional: bool | None = None
    is_folder: bool | None = None
    additional_metadata: JsonObject | None = None


class DeferredResource(Wire):
    """A file whose path each run states under a key."""

    key: str
    description: str = ""
    usage_type: str = "GENERAL_DATA"
    optional: bool | None = None
    is_folder: bool | None = None
    additional_metadata: JsonObject | None = None


class DatasetTemplateItem(RegistryItem):
    """The files expected in a dataset."""

    description: str | None = None
    defined_resources: Annotated[tuple[DefinedResource, ...], BeforeValidator(_none_to_empty)] = ()
    deferred_resources: Annotated[tuple[DeferredResource, ...], BeforeValidator(_none_to_empty)] = ()


class ModelItem(RegistryItem):
    """A model: software that outlives its versions."""

    name: str | None = None
    description: str | None = None
    documentation_url: str | None = None
    source_url: str | None = None


class StudyItem(RegistryItem):
    """An activity that groups runs."""

    title: str | None = None
    description: str | None = None
    study_alternative_id: str | None = None


class PersonItem(RegistryItem):
    """A person who consented to be recorded."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    orcid: str | None = None
    ethics_approved: bool | None = None


class OrganisationItem(RegistryItem):
    """An organisation."""

    name: str | None = None
    ror: str | None = None


class CreateItem(RegistryItem):
    """The activity that registered an item."""

    created_item_id: str


class VersionItem(RegistryItem):
    """The activity that made a new version of an item."""

    from_item_id: str
    to_item_id: str
    reason: str | None = None
    new_version_number: int | None = None


class ReleaseAction(Wire):
    """One step on a dataset's way to its release; times in Unix seconds."""

    action: str | None = None
    timestamp: int | None = None
    approver: str | None = None
    requester: str | None = None
    notes: str | None = None


class DatasetItem(RegistryItem):
    """A dataset, reposited or hosted elsewhere."""

    collection_format: CollectionFormat = CollectionFormat()
    s3: S3Location | None = None
    release_history: Annotated[tuple[ReleaseAction, ...], BeforeValidator(_none_to_empty)] = ()
    release_status: str | None = None
    release_approver: str | None = None
    release_timestamp: int | None = None
    access_info_uri: str | None = None


MODEL_OF: Final[Mapping[str, type[RegistryItem]]] = {
    "MODEL_RUN": ModelRunItem,
    "MODEL_RUN_WORKFLOW_TEMPLATE": WorkflowTemplateItem,
    "DATASET_TEMPLATE": DatasetTemplateItem,
    "MODEL": ModelItem,
    "STUDY": StudyItem,
    "PERSON": PersonItem,
    "ORGANISATION": OrganisationItem,
    "CREATE": CreateItem,
    "VERSION": VersionItem,
    "DATASET": DatasetItem,
}

JSON_OBJECT: Final[TypeAdapter[JsonObject]] = TypeAdapter(JsonObject)


def parse_item(raw: JsonObject) -> RegistryItem:
    """Read one raw registry item as the model of its subtype.

    Seed items and subtypes this version does not know become a plain ``RegistryItem``.

    Raises:
        pydantic.ValidationError: The item lacks what its subtype needs.
    """
    if raw.get("record_type") == "SEED_ITEM":
        return RegistryItem.model_validate(raw)
    return MODEL_OF.get(str(raw.get("item_subtype")), RegistryItem).model_validate(raw)
