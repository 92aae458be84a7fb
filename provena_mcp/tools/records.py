"""A model run record as an argument: its fields are shown, and a partial one is no argument error.

The schema tells an assistant what a record has (provena-http 4.1); what is missing or wrong is judged by
the use cases, all at once and with what would fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field

from provena_mcp.tools.schemas import Schema, plain_schema
from provena_mcp.wire.items import JsonObject

_Time = Annotated[int | str, Field(description="Unix seconds, or ISO 8601 with offset")]


class _Dataset(BaseModel):
    dataset_template_id: str | None = None
    dataset_id: str | None = None
    resources: Annotated[dict[str, str] | None, Field(description="Deferred resource key -> path")] = None


class _Associations(BaseModel):
    modeller_id: Annotated[str | None, Field(description="Default: you")] = None
    requesting_organisation_id: str | None = None


class _Record(BaseModel):
    workflow_template_id: str | None = None
    model_version: str | None = None
    inputs: list[_Dataset] | None = None
    outputs: list[_Dataset] | None = None
    annotations: dict[str, str] | None = None
    display_name: str | None = None
    description: str | None = None
    study_id: str | None = None
    associations: _Associations | None = None
    start_time: _Time | None = None
    end_time: _Time | None = None


def _named(properties: Schema) -> Iterator[str]:
    for name, schema in properties.items():
        below = schema.get("items", schema).get("properties")
        opening, closing = ("[{", "}]") if schema.get("type") == "array" else ("{", "}")
        yield f"{name} {opening}{', '.join(below)}{closing}" if below else name


class _Described:
    """Says what is in a record; made when it is asked for, as a start needs no schemas.

    ``fields`` names them in the description too, for clients that show a model no more of an object.
    """

    def __init__(self, *, fields: bool = False) -> None:
        self._fields = fields

    def __get_pydantic_json_schema__(self, _core: Any, _handler: Any) -> Schema:
        schema = plain_schema(_Record.model_json_schema(by_alias=True))
        if self._fields:
            schema["description"] = "Fields: " + ", ".join(_named(schema["properties"]))
        return schema


RunRecord = Annotated[JsonObject, _Described()]
DescribedRecord = Annotated[JsonObject, _Described(fields=True)]
