"""A record as an assistant gives it, made ready for the rules: plain handles, Unix seconds, known fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.drafts import Draft, read_draft
from provena_mcp.rules.records.problems import Candidate, Problem, nearest
from provena_mcp.rules.times import with_times_in_seconds
from provena_mcp.wire.items import JsonObject

MODELLER: Final = "associations.modeller_id"

_FIELDS: Final = (
    "workflow_template_id",
    "model_version",
    "inputs",
    "outputs",
    "annotations",
    "display_name",
    "description",
    "study_id",
    "associations",
    "start_time",
    "end_time",
)
_DATASET_FIELDS: Final = ("dataset_template_id", "dataset_id", "dataset_type", "resources")
_ASSOCIATION_FIELDS: Final = ("modeller_id", "requesting_organisation_id")
_ID_FIELDS: Final = frozenset(
    {
        "workflow_template_id",
        "study_id",
        "dataset_template_id",
        "dataset_id",
        "modeller_id",
        "requesting_organisation_id",
    }
)
_LISTS: Final = ("inputs", "outputs")


def read_record_input(raw: JsonObject, modeller_id: str | None = None) -> Draft:
    """Read a possibly partial record; ``modeller_id`` stands in where no modeller is given.

    A field that no record has is a problem, not ignored as Provena's services do: its value would
    be lost.
    """
    record = normalised(raw, modeller_id)
    draft = read_draft(record)
    unknown = tuple(_unknown_fields(record))
    return replace(draft, problems=(*unknown, *draft.problems)) if unknown else draft


def normalised(raw: JsonObject, modeller_id: str | None = None) -> JsonObject:
    """``raw`` with plain handles for ids however they are pasted, times in seconds, and its modeller."""
    return _with_modeller(with_times_in_seconds(_plain_handles(raw)), modeller_id)


def wants_modeller(raw: JsonObject) -> bool:
    """Whether a record leaves its modeller to be filled in."""
    associations = raw.get("associations")
    if associations is None:
        return True
    return isinstance(associations, dict) and not associations.get("modeller_id")


def _plain_handles(raw: JsonObject) -> JsonObject:
    return {key: _plain_handle(key, value) for key, value in raw.items()}


def _plain_handle(key: str, value: JsonValue) -> JsonValue:
    if isinstance(value, str) and key in _ID_FIELDS:
        try:
            return parse_handle(value)
        except ArgumentError:
            return value.strip()
    if key == "associations" and isinstance(value, dict):
        return _plain_handles(value)
    if key in _LISTS and isinstance(value, list):
        return [_plain_handles(entry) if isinstance(entry, dict) else entry for entry in value]
    return value


def _with_modeller(raw: JsonObject, modeller_id: str | None) -> JsonObject:
    # Associations that are left out are filled in or, without anybody to stand in, asked for by name.
    if not wants_modeller(raw):
        return raw
    associations = raw.get("associations")
    given = associations if isinstance(associations, dict) else {}
    return {**raw, "associations": {**given, "modeller_id": modeller_id} if modeller_id else given}


def _unknown_fields(raw: JsonObject) -> Iterator[Problem]:
    yield from _unknown(raw, "", _FIELDS)
    associations = raw.get("associations")
    if isinstance(associations, dict):
        yield from _unknown(associations, "associations.", _ASSOCIATION_FIELDS)
    for side in _LISTS:
        datasets = raw.get(side)
        for index, dataset in enumerate(datasets if isinstance(datasets, list) else ()):
            if isinstance(dataset, dict):
                yield from _unknown(dataset, f"{side}[{index}].", _DATASET_FIELDS)


def _unknown(given: JsonObject, prefix: str, known: Sequence[str]) -> Iterator[Problem]:
    for key in given:
        if key not in known:
            yield _unknown_field(prefix, key[:60], known)


def _unknown_field(prefix: str, key: str, known: Sequence[str]) -> Problem:
    if not prefix and key in _ASSOCIATION_FIELDS:
        candidates: tuple[Candidate, ...] = (Candidate(f"associations.{key}"),)
    else:
        candidates = nearest(key, [Candidate(name) for name in known])
    meant = f" Did you mean {candidates[0].id!r}?" if candidates else ""
    message = f"A record has no field {prefix + key!r}.{meant}"
    return Problem(prefix + key, message, "", status=422, value=key, candidates=candidates)


def located(problems: Sequence[Problem], prefix: str) -> tuple[Problem, ...]:
    """The same problems, their paths below ``prefix``."""
    return tuple(_located(problem, prefix) for problem in problems)


def _located(problem: Problem, prefix: str) -> Problem:
    return replace(problem, path=f"{prefix}.{problem.path}" if problem.path else prefix)
