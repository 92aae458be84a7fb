"""Whether a JSON value has the form of a model run record, as Provena judges it (provena-http 4.3)."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, JsonValue, TypeAdapter, ValidationError

from provena_mcp.rules.schema_wording import SchemaProblem, reworded
from provena_mcp.wire.records import ModelRunRecord

Loc = tuple[str | int, ...]


def _whole(value: Any) -> Any:
    # Fractions are cut off and true counts as 1, as pydantic 1 has it (recorded: 1672531200.9 is accepted).
    return int(value) if isinstance(value, float | bool) and math.isfinite(value) else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


def _without_nul(value: str) -> str:
    if "\0" in value:
        message = "holds the character U+0000 (NUL), which many programs take for an end"
        raise ValueError(message)
    return value


def _non_empty(value: str) -> str:
    if not value:
        message = "string must not be empty"
        raise ValueError(message)
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str, BeforeValidator(_text), AfterValidator(_without_nul)]
_NonEmpty = Annotated[Text, AfterValidator(_non_empty)]


class _Dataset(BaseModel, defer_build=True):
    dataset_template_id: Text
    dataset_id: Text
    dataset_type: Literal["DATA_STORE"]
    resources: dict[Text, Text] | None = None


class _Associations(BaseModel, defer_build=True):
    modeller_id: Text
    requesting_organisation_id: Text | None = None


class _Record(BaseModel, defer_build=True):
    workflow_template_id: Text
    model_version: Text | None = None
    inputs: list[_Dataset]
    outputs: list[_Dataset]
    annotations: dict[Text, Text] | None = None
    display_name: _NonEmpty
    description: _NonEmpty
    study_id: Text | None = None
    associations: _Associations
    start_time: Whole
    end_time: Whole


_WHOLE: Final[TypeAdapter[int]] = TypeAdapter(Whole)
_BODY: Final[Loc] = ("body",)


def schema_problems(raw: JsonValue, loc: Loc = _BODY) -> tuple[SchemaProblem, ...]:
    """Everything a service's 422 would list for ``raw`` sent as a record, in its order and words.

    ``loc`` is where the record lies: ``("body", "records", 3)`` in a batch, ``("body", "record")``
    in an update. A body that is null counts as absent, as in the services.
    """
    if raw is None and loc == _BODY:
        return (SchemaProblem(loc, "field required", "value_error.missing"),)
    try:
        _Record.model_validate(raw)
    except ValidationError as error:
        found = reworded(error, loc)
    else:
        found = ()
    return (*found, *_times_out_of_order(raw, loc))


def read_record(raw: JsonValue) -> ModelRunRecord:
    """The record that a service makes of ``raw``: lenient types coerced, unknown keys dropped.

    Raises:
        pydantic.ValidationError: ``schema_problems`` finds something.
    """
    return ModelRunRecord.model_validate(_Record.model_validate(raw).model_dump(exclude_unset=True))


def _times_out_of_order(raw: JsonValue, loc: Loc) -> tuple[SchemaProblem, ...]:
    # Said along with other problems whenever both times can be read.
    if not isinstance(raw, dict):
        return ()
    try:
        start, end = (_WHOLE.validate_python(raw.get(key)) for key in ("start_time", "end_time"))
    except ValidationError:
        return ()
    if start <= end:
        return ()
    msg = f"The 'start_time' value ({start}) must be smaller than or equal to the 'end_time' value ({end})."
    return (SchemaProblem((*loc, "__root__"), msg, "value_error"),)
