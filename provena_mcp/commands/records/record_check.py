"""Checks run records as an assistant gives them: reads them, looks up their references, lists all problems.

Plain handles, Unix seconds, known fields; the rest is looked up before anything is sent (provena-http 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.lookup import digest_of, resolve_runs, with_candidates
from provena_mcp.commands.records.run_preview import label, named, superseded
from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.annotations import with_agent
from provena_mcp.rules.records.fingerprint import fingerprints
from provena_mcp.rules.records.problems import Candidate, Problem, located, nearest
from provena_mcp.rules.records.references import Known
from provena_mcp.rules.records.schema import PartialRecord, read_draft
from provena_mcp.rules.records.validation import problems as find_problems
from provena_mcp.rules.times import with_times_in_seconds
from provena_mcp.wire.items import JsonObject, ModelRunRecord

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


@dataclass(frozen=True, slots=True)
class CheckedRecords:
    """Records as far as they are given, everything wrong with them, and what they refer to."""

    given: tuple[PartialRecord, ...]
    known: Known
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]

    @property
    def records(self) -> tuple[ModelRunRecord, ...]:
        """The records, once nothing is missing or malformed."""
        return tuple(each.record for each in self.given if each.record is not None)

    @property
    def is_ready(self) -> bool:
        """Whether they can be sent."""
        return not self.missing and not self.problems and len(self.records) == len(self.given)

    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the records, and of what recorded them."""
        return tuple(each for record in self.records for each in fingerprints(record))

    def digest(self, *more: str) -> str:
        """A digest of the records, all that they refer to, and ``more``."""
        return digest_of([record.model_dump(mode="json") for record in self.records], self.known, *more)


async def check_records(
    context: WriteContext, raws: Sequence[JsonObject], place: Callable[[int], str], known: Known | None = None
) -> CheckedRecords:
    """Check records against the registry; ``place`` says where the nth is, as a prefix of paths.

    Raises:
        NotLoggedInError: Nobody is logged in.
        UpstreamError: The registry did not answer.
    """
    if context.via is not None:
        raws = [with_agent(raw, context.via) for raw in raws]
    # Thousands of records are read and checked in threads, so that other calls go on meanwhile.
    modeller_id, modeller_warning = await _default_modeller(context, raws)
    given = await to_thread.run_sync(_read_all, raws, modeller_id)
    runs = [each.run for each in given]
    found = await resolve_runs(context.reader, runs, known)
    wrong = await to_thread.run_sync(_all_problems, given, found, place)
    warnings = [*await to_thread.run_sync(superseded, runs, found), *_in_future(given, context.now())]
    if modeller_id is not None:
        warnings.insert(0, f"You are taken for the modeller: {label(named(modeller_id, found))}.")
    elif modeller_warning:
        warnings.insert(0, modeller_warning)
    return CheckedRecords(
        given=given,
        known=found,
        missing=tuple(
            _below(place(number), path) for number, each in enumerate(given) for path in each.missing
        ),
        problems=await with_candidates(context.reader, wrong),
        warnings=tuple(warnings),
    )


async def _default_modeller(
    context: WriteContext, raws: Sequence[JsonObject]
) -> tuple[str | None, str | None]:
    if not any(wants_modeller(raw) for raw in raws):
        return None, None
    try:
        person_id = await context.client.auth.linked_person()
    except ProvenaError as error:
        return None, f"Which Person you are could not be looked up: {error.message}"
    if person_id is None:
        return None, f"Your login is linked to no Person, so {MODELLER} has to be given."
    return person_id, None


def _read_all(raws: Sequence[JsonObject], modeller_id: str | None) -> tuple[PartialRecord, ...]:
    return tuple(read_record_input(raw, modeller_id) for raw in raws)


def _all_problems(
    given: Sequence[PartialRecord], known: Known, place: Callable[[int], str]
) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for number, each in enumerate(given):
        own = (*each.problems, *find_problems(each.run, known))
        found += located(own, place(number)) if place(number) else own
    return tuple(found)


def _in_future(given: Sequence[PartialRecord], now: float) -> Iterator[str]:
    if any((each.run.end_time or 0) > now for each in given):
        yield "A run ends in the future: check its times."


def _below(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix else path


def read_record_input(raw: JsonObject, modeller_id: str | None = None) -> PartialRecord:
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
