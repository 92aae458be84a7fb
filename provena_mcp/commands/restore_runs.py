"""Writes registered runs into the lineage graph again, from their registry items (provena-http 2.10)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field, ValidationError

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import as_object
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.records.lookup import facts, resolve_runs, with_candidates
from provena_mcp.commands.records.record_input import located
from provena_mcp.commands.results import WriteResult, problem_briefs, problem_count
from provena_mcp.errors import ArgumentError, NotFoundError, RejectedError
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known
from provena_mcp.rules.records.validation import problems as find_problems
from provena_mcp.rules.text import clean
from provena_mcp.wire.base import Status
from provena_mcp.wire.items import JsonObject, ModelRunItem, parse_item
from provena_mcp.wire.registry import ListFilter, ListRequest

_MAX_RECORDS: Final = 1_000
_SHOWN: Final = 20
_DETAILS: Final = 300
_PAGE: Final = 100
_EXPLORE: Final = "explore_upstream shows what the graph says of a run now."


class RestorationResult(WriteResult):
    """Of writing runs into the graph again."""

    count: int | None = Field(default=None, description="Runs to be written, or written.")
    runs: tuple[Ref, ...] | None = Field(default=None, description="The first of them.")


@dataclass(frozen=True)
class RestoreRuns:
    """Content: ``items``, registry items of runs or only ``{"id"}`` of each, and ``validate_record``."""

    kind: str
    several: bool

    @property
    def accepts(self) -> tuple[str, ...]:
        """Its own references."""
        return (self.kind,)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[RestorationResult]:
        """The runs, checked as Provena checks them unless ``validate_record`` is false.

        Raises:
            ArgumentError: There are none, or too many.
        """
        raws = await _completed(desk, _listed(content))
        items, malformed = _read(raws, self._place)
        known = await resolve_runs(desk.reader, [item.record for _, item in items])
        doubts = [
            problem
            for number, item in items
            for problem in located(find_problems(item.record, known), f"{self._place(number)}.record")
        ]
        checked = _checked(content)
        problems = await with_candidates(desk.reader, (*malformed, *(doubts if checked else ())))
        preview = RestorationResult(
            status="preview",
            message="",
            ready=not problems,
            missing=(),
            problems=problem_briefs(problems),
            problem_count=problem_count(problems),
            warnings=None if checked else _unchecked(doubts),
            count=len(items),
            runs=tuple(_ref(item) for _, item in items[:_SHOWN]),
        )
        return Proposal(
            content=content,
            preview=preview,
            digest=_digest(raws, known, checked),
            send=None if problems else lambda: _send(desk, raws, checked),
        )

    def _place(self, number: int) -> str:
        return f"registry_records[{number}]" if self.several else "registry_record"

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> RestorationResult:
        """How many were written."""
        ids = [str(raw.get("id", "")) for raw in _listed(content)]
        return RestorationResult(
            status="succeeded",
            message=f"Written into the lineage graph again. {_EXPLORE}",
            provena_said=_details(answer),
            count=len(ids),
            runs=tuple(Ref(id=clean(each, NAME_LENGTH)) for each in ids[:_SHOWN]),
        )


@dataclass(frozen=True)
class RestoreAll:
    """Content: ``validate_record``."""

    kind: str = "store_all_registry_records"
    accepts: tuple[str, ...] = ("store_all_registry_records",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[RestorationResult]:
        """All complete runs of the registry, counted."""
        request = ListRequest(filter_by=ListFilter(item_subtype="MODEL_RUN"), page_size=_PAGE)
        count = 0
        async for page in desk.client.registry.pages(request):
            count += sum(isinstance(item, ModelRunItem) for item in page.items)
        empty = Problem("", "The registry holds no complete model run: Provena would fail.", "")
        checked = _checked(content)
        preview = RestorationResult(
            status="preview",
            message="",
            ready=count > 0,
            missing=(),
            problems=() if count else problem_briefs((empty,)),
            warnings=("Only runs are restored: creations and versions of items are not.",),
            count=count,
        )
        return Proposal(
            content=content,
            preview=preview,
            digest=f"{count} {checked}",
            send=(lambda: _send_all(desk, checked)) if count else None,
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> RestorationResult:
        """That they were written."""
        return RestorationResult(
            status="succeeded",
            message=f"All runs of the registry are written into the lineage graph again. {_EXPLORE}",
            provena_said=_details(answer),
        )


def _listed(content: JsonObject) -> list[JsonObject]:
    given = content.get("items")
    raws = given if isinstance(given, list) else []
    if not 1 <= len(raws) <= _MAX_RECORDS:
        raise ArgumentError(
            f"Between 1 and {_MAX_RECORDS:,} registry items are stored at once, not {len(raws):,}.",
            advice="Give registry items of model runs, or only their ids as {'id': …}.",
        )
    return [as_object(raw) for raw in raws]


async def _completed(desk: Desk, raws: Sequence[JsonObject]) -> list[JsonObject]:
    return list(await asyncio.gather(*(_fetched(desk, raw) for raw in raws)))


async def _fetched(desk: Desk, raw: JsonObject) -> JsonObject:
    item_id = raw.get("id")
    if set(raw) != {"id"} or not isinstance(item_id, str):
        return raw
    try:
        return (await desk.client.registry.fetch(item_id)).as_json()
    except NotFoundError:
        return raw


def _read(
    raws: Sequence[JsonObject], place: Callable[[int], str]
) -> tuple[list[tuple[int, ModelRunItem]], list[Problem]]:
    items: list[tuple[int, ModelRunItem]] = []
    problems: list[Problem] = []
    for number, raw in enumerate(raws):
        try:
            item = parse_item(raw)
        except ValidationError as error:
            problems.append(_malformed(raw, place(number), error))
            continue
        if isinstance(item, ModelRunItem):
            items.append((number, item))
        else:
            message = f"{item.id!r} is no complete model run; only such can be stored."
            problems.append(Problem(f"{place(number)}.item_subtype", message, ""))
    return items, problems


def _malformed(raw: JsonObject, place: str, error: ValidationError) -> Problem:
    if set(raw) == {"id"}:
        return Problem(f"{place}.id", f"The registry holds no item {raw['id']!r}.", "")
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in (place, *first["loc"]))
    return Problem(path, f"This is not a run's whole registry item: {first['msg']}.", "", status=422)


def _checked(content: JsonObject) -> bool:
    return content.get("validate_record") is not False


def _unchecked(doubts: Sequence[Problem]) -> tuple[str, ...]:
    told = tuple(clean(f"{doubt.path}: {doubt.message}", _DETAILS) for doubt in doubts[:_SHOWN])
    return ("The records are not checked: the graph may come to hold links to nothing.", *told)


def _ref(item: ModelRunItem) -> Ref:
    return Ref(id=clean(item.id, NAME_LENGTH), name=clean(item.display_name or "", NAME_LENGTH) or None)


def _digest(raws: Sequence[JsonObject], known: Known, checked: bool) -> str:
    told = json.dumps([checked, *raws], sort_keys=True)
    return hashlib.sha256(f"{told}\n{facts(known)}".encode()).hexdigest()


def _details(answer: JsonObject) -> str | None:
    return clean(str(answer.get("details") or ""), _DETAILS) or None


async def _send(desk: Desk, raws: Sequence[JsonObject], checked: bool) -> JsonObject:
    prov = desk.client.prov
    if len(raws) == 1:
        status = await prov.store_record(raws[0], validate_record=checked)
    else:
        status = await _in_turn(prov.store_records(tuple(raws), validate_record=checked))
    return {"details": status.details}


async def _send_all(desk: Desk, checked: bool) -> JsonObject:
    status = await _in_turn(desk.client.prov.store_all_registry_records(validate_record=checked))
    return {"details": status.details}


async def _in_turn(storing: Awaitable[Status]) -> Status:
    try:
        return await storing
    except RejectedError as error:
        raise RejectedError(
            "Provena stopped at a record that it refuses; those before it are stored.",
            advice="Correct or leave out what Provena names and store again: what is stored already stays as "
            "it is. With validate_record: false nothing is checked.",
            upstream=error.upstream,
        ) from error
