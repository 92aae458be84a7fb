"""Looks up the items that a change refers to, and suggests others where a reference does not fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from anyio import to_thread
from pydantic import JsonValue

from provena_mcp.errors import ProvenaError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.item_reader import ALL
from provena_mcp.queries.items.reader import Reader, item_digest
from provena_mcp.rules.records.problems import Candidate, Problem, nearest
from provena_mcp.rules.records.references import AnyRun, Known, Reference, Refused, references
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

_SEARCHES: Final = 6
_HITS: Final = 5
_LISTED: Final = 100
_SHOWN: Final = 3
_WRITING_ROLES: Final = frozenset({"metadata-write", "admin"})


async def look_up(reader: Reader, wanted: Iterable[Reference], known: Known) -> Known:
    """``known`` and what the registry holds under the ids ``wanted``.

    Raises:
        NotLoggedInError: Nobody is logged in.
        UpstreamError: The registry did not answer.
    """
    ids = sorted({reference.id for reference in wanted})
    items, began = reader.items(ALL), reader.recent.now()
    items.take(held := await reader.recent.get(reader.caller, ids, reader.client.registry))
    outcomes = await items.read(ids)
    new = [item for item in outcomes.values() if isinstance(item, RegistryItem) and item.id not in held]
    reader.recent.put(reader.caller, new, began)
    return {**known, **items.known}


async def resolve_runs(reader: Reader, runs: Sequence[AnyRun], known: Known | None = None) -> Known:
    """All that the rules need to check ``runs``; errors as ``look_up``."""
    found: Known = known or {}
    while wanted := await to_thread.run_sync(_wanted, runs, found):
        found = await look_up(reader, wanted, found)
    return found


def facts(known: Known) -> dict[str, str]:
    """A digest of each item that was looked up, by id, to notice later whether it has changed."""
    return {
        item_id: f"refused: {outcome.kind}" if isinstance(outcome, Refused) else item_digest(outcome.item)
        for item_id, outcome in known.items()
    }


def digest_of(content: JsonValue, known: Known, *more: str) -> str:
    """A digest of ``content``, all that was looked up for it, and ``more``."""
    stated = json.dumps([content, facts(known), *more], sort_keys=True)
    return hashlib.sha256(stated.encode()).hexdigest()


async def with_candidates(reader: Reader, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The same problems, with suggestions where a reference was refused; makes a few look-ups at most."""
    wanted = list(dict.fromkeys(key for problem in problems if (key := _wanted_instead(problem))))[:_SEARCHES]
    found = await together(*(_nearest_items(reader, *key) for key in wanted))
    candidates = dict(zip(wanted, found, strict=True))
    return tuple(_with_candidates(problem, candidates) for problem in problems)


async def newest(reader: Reader, subtype: ItemSubtype, limit: int) -> tuple[Candidate, ...]:
    """The items of ``subtype`` changed last; none where they cannot be listed."""
    request = ListRequest(filter_by=ListFilter(item_subtype=subtype), page_size=limit)
    try:
        page = await reader.client.registry.list(request)
    except ProvenaError:
        return ()
    return tuple(Candidate(item.id, item.display_name or "") for item in page.items)


async def doubts_about_changing(reader: Reader, run_id: str) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """A problem if the run is locked; a warning if the caller seems not to be allowed to change it.

    Whoever administers the registry may do more than the roles on the item say, hence only a warning.
    """
    try:
        found = await reader.client.registry.fetch_typed("MODEL_RUN", run_id)
    except ProvenaError as error:
        return (), (f"Whether you may change the run could not be looked up: {error.message}",)
    if found.locked:
        message = f"Run {run_id!r} is locked: its owner has to unlock it first."
        return (Problem("model_run_id", message, "", value=run_id),), ()
    if not _WRITING_ROLES.intersection(found.roles):
        return (), ("You seem not to be allowed to change this run, so Provena may refuse it.",)
    return (), ()


def _wanted(runs: Iterable[AnyRun], known: Known) -> frozenset[Reference]:
    return frozenset[Reference]().union(*(references(run, known) for run in runs))


def _wanted_instead(problem: Problem) -> tuple[str, ItemSubtype] | None:
    # An item that may not be read (401) is the right one all the same.
    if problem.subtype is None or problem.candidates or problem.status == 401 or not problem.value.strip():
        return None
    return problem.value, problem.subtype


def _with_candidates(
    problem: Problem, found: Mapping[tuple[str, ItemSubtype], tuple[Candidate, ...]]
) -> Problem:
    key = _wanted_instead(problem)
    return replace(problem, candidates=found.get(key, ())) if key else problem


async def _nearest_items(reader: Reader, value: str, subtype: ItemSubtype) -> tuple[Candidate, ...]:
    """Items whose name or id is like ``value``, which may be a name where an id belongs."""
    listed, hits = await together(newest(reader, subtype, _LISTED), _search(reader, value, subtype))
    return (nearest(value, {*listed, *hits}) or hits)[:_SHOWN]


async def _search(reader: Reader, words: str, subtype: ItemSubtype) -> tuple[Candidate, ...]:
    try:
        hits = await reader.client.search.search(words, subtype, _HITS)
    except ProvenaError:
        return ()
    named = await reader.names.of(reader.caller, {hit.id: subtype for hit in hits})
    return tuple(Candidate(hit.id, named.names[hit.id]) for hit in hits if hit.id in named.names)
