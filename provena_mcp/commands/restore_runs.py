"""Writes registered runs into the lineage graph again, from their registry items (provena-http 2.10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.write_result import WriteResult, problem_briefs, problem_count
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.lookup import digest_of, resolve_runs, with_candidates
from provena_mcp.errors import ArgumentError, NotFoundError, PartlyDoneError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.problems import Problem, located
from provena_mcp.rules.records.validation import problems as find_problems
from provena_mcp.rules.text import clean
from provena_mcp.wire.base import Status
from provena_mcp.wire.items import JsonObject, ModelRunItem, as_object, parse_item
from provena_mcp.wire.registry import ListFilter, ListRequest

_MAX_RECORDS: Final = 1_000
_SHOWN: Final = 20
_DETAILS: Final = 300
_PAGE: Final = 100
_EXPLORE: Final = "explore_upstream shows what the graph says of a run now."


# Of three tools: whether one run, several or all are written, the same is answered.
class StoreRecordsResult(WriteResult):
    """Of writing runs into the graph again."""

    count: int | None = Field(default=None, description="Runs to be written, or written.")
    runs: tuple[Ref, ...] | None = Field(default=None, description="The first of them.")


class Restoration(BaseModel):
    """What is sent; without items, all of the registry."""

    model_config = ConfigDict(frozen=True)

    items: tuple[JsonObject, ...] = ()
    validate_record: bool


@dataclass(frozen=True)
class RestoreRuns:
    """Arguments: ``items``, registry items of runs or only ``{"id"}`` of each, and ``validate_record``."""

    tool: str
    several: bool
    access: AccessLevel = "admin"
    payload_type = Restoration
    result_type = StoreRecordsResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[Restoration, StoreRecordsResult]:
        """The runs, checked as Provena checks them unless ``validate_record`` is false.

        Raises:
            ArgumentError: There are none, or too many.
        """
        raws = await _completed(context, _listed(arguments))
        items, malformed = _read(raws, self._place)
        known = await resolve_runs(context.reader, [item.record for _, item in items])
        doubts = [
            problem
            for number, item in items
            for problem in located(find_problems(item.record, known), f"{self._place(number)}.record")
        ]
        validate = _validate(arguments)
        problems = await with_candidates(context.reader, (*malformed, *(doubts if validate else ())))
        shown = StoreRecordsResult(
            status="preview",
            message="",
            ready=not problems,
            missing=(),
            problems=problem_briefs(problems),
            problem_count=problem_count(problems),
            warnings=None if validate else _unchecked(doubts),
            count=len(items),
            runs=tuple(_ref(item) for _, item in items[:_SHOWN]),
        )
        return Preview(
            shown,
            digest=digest_of([validate, *raws], known),
            payload=None if problems else Restoration(items=tuple(raws), validate_record=validate),
        )

    def _place(self, number: int) -> str:
        return f"registry_records[{number}]" if self.several else "registry_record"

    async def send(self, context: WriteContext, payload: Restoration) -> JsonObject:
        """Have them written."""
        prov, items = context.client.prov, payload.items
        if len(items) == 1:
            status = await prov.store_record(items[0], validate_record=payload.validate_record)
            return {"details": status.details}
        return await _in_turn(prov.store_records(items, validate_record=payload.validate_record))

    async def result(self, context: WriteContext, sent: Sent) -> StoreRecordsResult:
        """How many were written."""
        ids = [str(raw.get("id", "")) for raw in _listed(sent.arguments)]
        if sent.answer.get("stopped"):
            return _stopped(sent.answer)
        return StoreRecordsResult(
            status="succeeded",
            message=f"Written into the lineage graph again. {_EXPLORE}",
            provena_said=_details(sent.answer),
            count=len(ids),
            runs=tuple(Ref(id=clean(each, NAME_LENGTH)) for each in ids[:_SHOWN]),
        )


class RestoreAll:
    """Arguments: ``validate_record``."""

    tool = "store_all_registry_records"
    access: AccessLevel = "admin"
    payload_type = Restoration
    result_type = StoreRecordsResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[Restoration, StoreRecordsResult]:
        """All complete runs of the registry, counted."""
        request = ListRequest(filter_by=ListFilter(item_subtype="MODEL_RUN"), page_size=_PAGE)
        count = 0
        async for page in context.client.registry.pages(request):
            count += sum(isinstance(item, ModelRunItem) for item in page.items)
        empty = Problem("", "The registry holds no complete model run: Provena would fail.", "")
        validate = _validate(arguments)
        shown = StoreRecordsResult(
            status="preview",
            message="",
            ready=count > 0,
            missing=(),
            problems=() if count else problem_briefs((empty,)),
            warnings=("Only runs are restored: creations and versions of items are not.",),
            count=count,
        )
        return Preview(
            shown,
            digest=f"{count} {validate}",
            payload=Restoration(validate_record=validate) if count else None,
        )

    async def send(self, context: WriteContext, payload: Restoration) -> JsonObject:
        """Have them written."""
        storing = context.client.prov.store_all_registry_records(validate_record=payload.validate_record)
        return await _in_turn(storing)

    async def result(self, context: WriteContext, sent: Sent) -> StoreRecordsResult:
        """That they were written, or that it stopped at one."""
        if sent.answer.get("stopped"):
            return _stopped(sent.answer)
        return StoreRecordsResult(
            status="succeeded",
            message=f"All runs of the registry are written into the lineage graph again. {_EXPLORE}",
            provena_said=_details(sent.answer),
        )


def _listed(arguments: JsonObject) -> list[JsonObject]:
    given = arguments.get("items")
    raws = given if isinstance(given, list) else []
    if not 1 <= len(raws) <= _MAX_RECORDS:
        raise ArgumentError(
            f"Between 1 and {_MAX_RECORDS:,} registry items are stored at once, not {len(raws):,}.",
            advice="Give registry items of model runs, or only their ids as {'id': …}.",
        )
    return [as_object(raw) for raw in raws]


async def _completed(context: WriteContext, raws: Sequence[JsonObject]) -> list[JsonObject]:
    return list(await together(*(_fetched(context, raw) for raw in raws)))


async def _fetched(context: WriteContext, raw: JsonObject) -> JsonObject:
    item_id = raw.get("id")
    if set(raw) != {"id"} or not isinstance(item_id, str):
        return raw
    try:
        return (await context.client.registry.fetch(item_id)).as_json()
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


def _validate(arguments: JsonObject) -> bool:
    return arguments.get("validate_record") is not False


def _unchecked(doubts: Sequence[Problem]) -> tuple[str, ...]:
    lines = tuple(clean(f"{doubt.path}: {doubt.message}", _DETAILS) for doubt in doubts[:_SHOWN])
    return ("The records are not checked: the graph may come to hold links to nothing.", *lines)


def _ref(item: ModelRunItem) -> Ref:
    return Ref(id=clean(item.id, NAME_LENGTH), name=clean(item.display_name or "", NAME_LENGTH) or None)


def _details(answer: JsonObject) -> str | None:
    return clean(str(answer.get("details") or ""), _DETAILS) or None


async def _in_turn(storing: Awaitable[Status]) -> JsonObject:
    """What Provena said, also where it stopped at a record: the first part is done, so that is an outcome."""
    try:
        return {"details": (await storing).details}
    except PartlyDoneError as error:
        return {"details": error.upstream or error.message, "stopped": True}


def _stopped(answer: JsonObject) -> StoreRecordsResult:
    return StoreRecordsResult(
        status="failed",
        message="Provena stopped at one of the records: those before it, in their order, are stored, those "
        f"after it are not. {_EXPLORE} Correct or leave out what Provena names and store again, with a new "
        "preview: what is stored already stays as it is. With validate_record: false nothing is checked.",
        provena_said=_details(answer),
    )
