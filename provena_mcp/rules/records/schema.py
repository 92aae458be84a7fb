"""The form of a model run record: whether a JSON value has it, as Provena judges it, and as far as it has it.

Rules: provena-http 4.1 and 4.3.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, JsonValue, TypeAdapter, ValidationError

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.schema_wording import COMPLAINTS, EMPTY, SchemaProblem, reworded
from provena_mcp.wire.base import Wire
from provena_mcp.wire.items import JsonObject, ModelRunRecord

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
        raise ValueError(EMPTY)
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str, BeforeValidator(_text), AfterValidator(_without_nul)]
NonEmpty = Annotated[Text, AfterValidator(_non_empty)]


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
    display_name: NonEmpty
    description: NonEmpty
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


class DraftDataset(Wire):
    """A templated dataset of which parts may be missing."""

    dataset_template_id: Text | None = None
    dataset_id: Text | None = None
    resources: dict[str, Text] | None = None


class DraftAssociations(Wire):
    """Associations of which parts may be missing."""

    modeller_id: Text | None = None
    requesting_organisation_id: Text | None = None


class RunDraft(Wire):
    """A model run record of which any part may be missing; fields as in provena-http 4.1."""

    workflow_template_id: Text | None = None
    model_version: Text | None = None
    inputs: tuple[DraftDataset, ...] | None = None
    outputs: tuple[DraftDataset, ...] | None = None
    annotations: dict[str, Text] | None = None
    display_name: Text | None = None
    description: Text | None = None
    study_id: Text | None = None
    associations: DraftAssociations | None = None
    start_time: Whole | None = None
    end_time: Whole | None = None


@dataclass(frozen=True, slots=True)
class PartialRecord:
    """What was read of a partial record.

    ``missing`` names required fields that are absent, null or empty, as paths; ``problems`` what is
    there but malformed. ``run`` holds everything else and can be validated as far as it goes;
    ``record`` is the whole record, once nothing is missing or malformed.
    """

    run: RunDraft
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    record: ModelRunRecord | None


_TIME: Final = "give Unix seconds, or an ISO 8601 time with an offset such as 2023-01-13T10:00:00+10:00"
_COMPLAINTS: Final[dict[str, str]] = {
    **COMPLAINTS,
    "type_error.enum": "must be 'DATA_STORE', the only dataset type there is",
}


def read_draft(raw: JsonValue) -> PartialRecord:
    """Read a record of which parts may be missing, keeping all that is well-formed.

    ``dataset_type`` has one possible value and is never asked for.
    """
    if not isinstance(raw, dict):
        wrong = Problem("", "A record must be an object.", "value is not a valid dict", status=422)
        return PartialRecord(RunDraft(), (), (wrong,), None)
    filled = _with_dataset_types(raw)
    found = schema_problems(filled, ())
    if not found:
        return PartialRecord(RunDraft.model_validate(filled), (), (), read_record(filled))
    for problem in found:
        _prune(filled, problem.loc)
    return PartialRecord(
        RunDraft.model_validate(filled),
        missing=tuple(path_of(problem.loc) for problem in found if problem.is_absence),
        problems=tuple(_as_problem(problem) for problem in found if not problem.is_absence),
        record=None,
    )


def path_of(loc: tuple[str | int, ...]) -> str:
    """A location as it is written in code: ``inputs[0].dataset_id``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _with_dataset_types(raw: JsonObject) -> JsonObject:
    filled = copy.deepcopy(raw)
    for side in ("inputs", "outputs"):
        datasets = filled.get(side)
        for dataset in datasets if isinstance(datasets, list) else ():
            if isinstance(dataset, dict):
                dataset.setdefault("dataset_type", "DATA_STORE")
    return filled


def _as_problem(found: SchemaProblem) -> Problem:
    path = path_of(found.loc)
    if found.loc == ("__root__",):
        return Problem("end_time", "The run ends before it starts.", found.msg, status=422)
    if path in ("start_time", "end_time"):
        message = f"{path} is not a time: {_TIME}."
    else:
        message = f"{path} {_COMPLAINTS.get(found.type, found.msg)}."
    return Problem(path, message, found.msg, status=422)


def _prune(raw: JsonObject, loc: tuple[str | int, ...]) -> None:
    """Take out what lies at ``loc``; a list keeps its length, so that paths stay true."""
    *parents, last = loc
    here: JsonValue = raw
    for part in parents:
        if isinstance(here, dict):
            here = here.get(str(part))
        elif isinstance(here, list):
            here = here[int(part)]
    if isinstance(here, dict):
        here.pop(str(last), None)
    elif isinstance(here, list):
        here[int(last)] = {}
