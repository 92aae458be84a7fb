"""A model run record as far as it has been given: what is there, what is missing, what is malformed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.schema import Text, Whole, read_record, schema_problems
from provena_mcp.rules.schema_wording import SchemaProblem
from provena_mcp.wire.base import Wire
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.records import ModelRunRecord


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
class Draft:
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
_EMPTY: Final = "string must not be empty"
_COMPLAINTS: Final[dict[str, str]] = {
    "type_error.integer": "must be a whole number",
    "type_error.str": "must be text",
    "type_error.list": "must be a list",
    "type_error.dict": "must be an object",
    "type_error.enum": "must be 'DATA_STORE', the only dataset type there is",
}


def read_draft(raw: JsonValue) -> Draft:
    """Read a record of which parts may be missing, keeping all that is well-formed.

    ``dataset_type`` has one possible value and is never asked for.
    """
    if not isinstance(raw, dict):
        wrong = Problem("", "A record must be an object.", "value is not a valid dict", status=422)
        return Draft(RunDraft(), (), (wrong,), None)
    filled = _with_dataset_types(raw)
    found = schema_problems(filled, ())
    if not found:
        return Draft(RunDraft.model_validate(filled), (), (), read_record(filled))
    for problem in found:
        _prune(filled, problem.loc)
    return Draft(
        RunDraft.model_validate(filled),
        missing=tuple(path_of(problem.loc) for problem in found if _is_absent(problem)),
        problems=tuple(_as_problem(problem) for problem in found if not _is_absent(problem)),
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


def _is_absent(found: SchemaProblem) -> bool:
    return found.type in ("value_error.missing", "type_error.none.not_allowed") or found.msg == _EMPTY


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
