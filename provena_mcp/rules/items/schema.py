"""Whether a JSON value has the form of an item's content, as the registry judges it (provena-http 7.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Final, Literal, Self

from pydantic import BaseModel, JsonValue, ValidationError, model_validator

from provena_mcp.rules.items.dataset_schema import CollectionFormat
from provena_mcp.rules.items.schema_types import Email, Url
from provena_mcp.rules.records.schema import Loc, Text
from provena_mcp.rules.schema_wording import SchemaProblem, reworded
from provena_mcp.wire.items import JSON_OBJECT, JsonObject, ModelRunRecord, ReleaseStatus
from provena_mcp.wire.subtypes import ItemSubtype

WrittenSubtype = Literal[
    "STUDY",
    "PERSON",
    "ORGANISATION",
    "MODEL",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
]
"""What users write through the registry itself; datasets go through the data store, runs through prov-api."""

ContentSubtype = Literal[WrittenSubtype, "DATASET"]

UsageType = Literal["PARAMETER_FILE", "CONFIG_FILE", "FORCING_DATA", "GENERAL_DATA"]


class _Domain(BaseModel, defer_build=True):
    display_name: Text
    user_metadata: dict[Text, Text] | None = None


class _Study(_Domain):
    title: Text
    description: Text
    study_alternative_id: Text | None = None


class _Person(_Domain):
    email: Email
    first_name: Text
    last_name: Text
    orcid: Url | None = None
    ethics_approved: bool = False


class _Organisation(_Domain):
    name: Text
    ror: Url | None = None


class _Model(_Domain):
    name: Text
    description: Text
    documentation_url: Url
    source_url: Url


class _Resource(BaseModel, defer_build=True):
    description: Text
    usage_type: UsageType
    optional: bool | None = None
    is_folder: bool | None = None
    additional_metadata: dict[Text, Text] | None = None


class _DefinedResource(_Resource):
    path: Text


class _DeferredResource(_Resource):
    key: Text


class _DatasetTemplate(_Domain):
    description: Text | None = None
    defined_resources: list[_DefinedResource] = []
    deferred_resources: list[_DeferredResource] = []

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        _refuse_twice("deferred resource keys", (resource.key for resource in self.deferred_resources))
        return self


class _TemplatePlace(BaseModel, defer_build=True):
    template_id: Text
    optional: bool | None = None


class _Annotations(BaseModel, defer_build=True):
    required: list[Text] = []
    optional: list[Text] = []

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        _refuse_twice("annotation keys", (*self.required, *self.optional))
        return self


class _WorkflowTemplate(_Domain):
    software_id: Text
    input_templates: list[_TemplatePlace] = []
    output_templates: list[_TemplatePlace] = []
    annotations: _Annotations | None = None

    @model_validator(mode="after")
    def _templates_differ(self) -> Self:
        _refuse_twice("input template ids", (place.template_id for place in self.input_templates))
        _refuse_twice("output template ids", (place.template_id for place in self.output_templates))
        return self


class _Run(_Domain):
    record_status: Literal["INCOMPLETE", "COMPLETE", "LODGED"]
    record: ModelRunRecord
    prov_serialisation: Text


class _Creation(_Domain):
    created_item_id: Text


class _Versioning(_Domain):
    reason: Text
    from_item_id: Text
    to_item_id: Text
    new_version_number: int


class _Storage(BaseModel, defer_build=True):
    bucket_name: Text
    path: Text
    s3_uri: Text


class _Dataset(_Domain):
    collection_format: CollectionFormat
    s3: _Storage
    release_status: ReleaseStatus
    access_info_uri: Text | None = None


_SCHEMA: Final[dict[ContentSubtype, type[BaseModel]]] = {
    "STUDY": _Study,
    "PERSON": _Person,
    "ORGANISATION": _Organisation,
    "MODEL": _Model,
    "MODEL_RUN_WORKFLOW_TEMPLATE": _WorkflowTemplate,
    "DATASET_TEMPLATE": _DatasetTemplate,
    "DATASET": CollectionFormat,
}
_WHOLE: Final[dict[ItemSubtype, type[BaseModel]]] = {
    "STUDY": _Study,
    "PERSON": _Person,
    "ORGANISATION": _Organisation,
    "MODEL": _Model,
    "MODEL_RUN_WORKFLOW_TEMPLATE": _WorkflowTemplate,
    "DATASET_TEMPLATE": _DatasetTemplate,
    "DATASET": _Dataset,
    "MODEL_RUN": _Run,
    "CREATE": _Creation,
    "VERSION": _Versioning,
}
_BODY: Final[Loc] = ("body",)


def item_schema_problems(
    raw: JsonValue, subtype: ContentSubtype, loc: Loc = _BODY
) -> tuple[SchemaProblem, ...]:
    """Everything the registry's 422 would list for ``raw`` sent as an item's content, located below ``loc``.

    A dataset's content is its ``collection_format``.
    """
    try:
        _SCHEMA[subtype].model_validate(raw)
    except ValidationError as error:
        return reworded(error, loc)
    return ()


def read_item_content(raw: JsonValue, subtype: ContentSubtype) -> JsonObject:
    """The content that the registry makes of ``raw``: every field of its model, null where it has no value.

    Raises:
        pydantic.ValidationError: ``item_schema_problems`` finds something.
    """
    return JSON_OBJECT.validate_python(_SCHEMA[subtype].model_validate(raw).model_dump(mode="json"))


@cache
def content_json_schema(subtype: ContentSubtype) -> JsonObject:
    """The JSON schema of the content that users write, by which ``item_schema_problems`` judges.

    Remembered, for it follows from the subtype alone: to be read, not changed.
    """
    return JSON_OBJECT.validate_python(_SCHEMA[subtype].model_json_schema())


def json_schema(subtype: ItemSubtype) -> JsonObject:
    """The JSON schema of all that an item says, services' own additions included."""
    return JSON_OBJECT.validate_python(_WHOLE[subtype].model_json_schema())


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        message = f"{what} must differ; given more than once: {', '.join(map(repr, twice))}"
        raise ValueError(message)
