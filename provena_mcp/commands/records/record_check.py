"""All that is wrong with the records of a change, looked up before anything is sent (provena-http 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread

from provena_mcp.commands.confirmation.duplicate_check import DAY, Submission, find_earlier
from provena_mcp.commands.confirmation.write_context import WriteContext
from provena_mcp.commands.records.lookup import digest_of, resolve_runs, with_candidates
from provena_mcp.commands.records.record_input import (
    MODELLER,
    located,
    read_record_input,
    wants_modeller,
)
from provena_mcp.commands.records.run_preview import label, named, superseded
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.jobs.registry_check import newest_runs
from provena_mcp.rules.records.acting_agent import with_agent
from provena_mcp.rules.records.drafts import Draft
from provena_mcp.rules.records.fingerprint import content_fingerprint, fingerprint, fingerprints
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known
from provena_mcp.rules.records.validation import problems as find_problems
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import JsonObject, ModelRunItem
from provena_mcp.wire.records import ModelRunRecord

_NOT_ALL_JOBS: Final = (
    "Not all that you have submitted within a day could be compared with this: look yourself whether it was "
    "registered before."
)


_NOT_ALL_RUNS: Final = (
    "More runs were registered within a day than could be compared with this: look yourself whether it is "
    "among them."
)
_ALIKE_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class CheckedRecords:
    """Records as far as they are given, everything wrong with them, and what they refer to."""

    given: tuple[Draft, ...]
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


async def find_duplicates(
    context: WriteContext, records: Sequence[ModelRunRecord], place: Callable[[int], str]
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems for records that were submitted within a day or registered before, and warnings.

    The caller's jobs and the registry are both looked at: a run whose job failed may be there all the same.
    """
    since = context.now() - DAY
    by_number = await to_thread.run_sync(_fingerprints, records)
    (submitted, unsure), (registered, more_unsure) = await asyncio.gather(
        _submitted(context, [each for found in by_number for each in found]), _registered(context, since)
    )
    by_record = {fingerprint(run.record): run for run in reversed(registered)}
    problems: list[Problem] = []
    warnings = [*unsure, *more_unsure]
    for number, (own, *recorded) in enumerate(by_number):
        run = by_record.get(own)
        earlier = next((submitted[each] for each in (own, *recorded) if each in submitted), None)
        if earlier is not None:
            problems.append(_duplicate(place(number), earlier))
        elif run is not None and run.created_timestamp >= since:
            problems.append(
                _duplicate(place(number), Submission(when=run.created_timestamp, model_run_id=run.id))
            )
        elif run is not None:
            warnings.append(f"Run {run.id!r}, registered {utc(run.created_timestamp)}, has the same record.")
    problems += _repeated_in_batch([own for own, *_ in by_number], place)
    alike = await to_thread.run_sync(_alike, records, registered, place)
    return tuple(problems), (*warnings, *alike)


async def _submitted(
    context: WriteContext, fingerprints: Sequence[str]
) -> tuple[Mapping[str, Submission], tuple[str, ...]]:
    try:
        earlier = await find_earlier(
            context.client.jobs, context.submissions, context.caller, frozenset(fingerprints), context.now()
        )
    except ProvenaError as error:
        return {}, (f"Whether it was submitted before could not be looked up: {error.message}",)
    return earlier.found, () if earlier.complete else (_NOT_ALL_JOBS,)


async def _registered(context: WriteContext, since: float) -> tuple[Sequence[ModelRunItem], tuple[str, ...]]:
    try:
        newest = await newest_runs(context.client.registry, since)
    except ProvenaError as error:
        return (), (f"Whether it is in the registry already could not be looked up: {error.message}",)
    return newest.runs, () if newest.complete else (_NOT_ALL_RUNS,)


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


def _read_all(raws: Sequence[JsonObject], modeller_id: str | None) -> tuple[Draft, ...]:
    return tuple(read_record_input(raw, modeller_id) for raw in raws)


def _all_problems(given: Sequence[Draft], known: Known, place: Callable[[int], str]) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for number, each in enumerate(given):
        own = (*each.problems, *find_problems(each.run, known))
        found += located(own, place(number)) if place(number) else own
    return tuple(found)


def _in_future(given: Sequence[Draft], now: float) -> Iterator[str]:
    if any((each.run.end_time or 0) > now for each in given):
        yield "A run ends in the future: check its times."


def _duplicate(path: str, earlier: Submission) -> Problem:
    when = utc(earlier.when) or "within the last day"
    if earlier.model_run_id is not None:
        what = f"It is model run {earlier.model_run_id!r}."
    elif earlier.session_id is not None:
        what = f"get_job says what became of it: session {earlier.session_id!r}."
    else:
        what = "Its answer was lost: look with list_jobs whether it arrived."
    message = (
        f"The same record was submitted already ({when}). {what} Only if it really ran twice, or never "
        "arrived, call again with allow_duplicate: true."
    )
    return Problem(path, message, "")


def _repeated_in_batch(fingerprints: Sequence[str], place: Callable[[int], str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, each in enumerate(fingerprints):
        if each in first:
            message = (
                f"The same record as {place(first[each])}. Only if it really ran twice, call again with "
                "allow_duplicate: true."
            )
            yield Problem(place(number), message, "")
        else:
            first[each] = number


def _alike(
    records: Sequence[ModelRunRecord], registered: Sequence[ModelRunItem], place: Callable[[int], str]
) -> tuple[str, ...]:
    """Warnings about records that differ from another run in name and description only."""
    others: dict[str, tuple[str, str]] = {
        content_fingerprint(run.record): (f"run {run.id!r}", fingerprint(run.record))
        for run in reversed(registered)
    }
    warnings: list[str] = []
    for number, record in enumerate(records):
        content, whole = content_fingerprint(record), fingerprint(record)
        other, same = others.setdefault(content, (place(number), whole))
        if same != whole:
            subject = place(number) or "This record"
            warnings.append(
                f"{subject} differs from {other} in name and description only: is it the same run?"
            )
    left = len(warnings) - _ALIKE_SHOWN
    return (*warnings[:_ALIKE_SHOWN], *((f"{left} more differ from another so.",) if left > 0 else ()))


def _fingerprints(records: Sequence[ModelRunRecord]) -> tuple[tuple[str, ...], ...]:
    return tuple(fingerprints(record) for record in records)


def _below(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if prefix else path
