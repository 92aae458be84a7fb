"""Brings a mirror up to what its user may read of the deployment.

A first pull passes through all items in the order of their creation, which no change of an item moves; each
page is kept together with the place to go on from, so that a process killed at any moment goes on where it
was. What changed meanwhile, and later on, is read newest first, until what is known. Only a pass through all
items notices which are gone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from anyio import to_thread

from provena_mcp.client import AuthApi, ProvApi
from provena_mcp.client.raw_items import RawItems, RawPage
from provena_mcp.embedded import graph_sync
from provena_mcp.embedded.items import Entry
from provena_mcp.embedded.loader import read_entry
from provena_mcp.embedded.store import Store
from provena_mcp.errors import AccessError, CallerError, DeploymentError, MalformedAnswerError
from provena_mcp.mirror import contents, ledger
from provena_mcp.mirror.ledger import Ledger, MirrorOrigin, Pass
from provena_mcp.queries.cache import together
from provena_mcp.wire.items import JsonObject

Stage = Literal["items", "provenance"]
# Told the stage, how many are done, and of how many, none while nobody knows.
Progress = Callable[[Stage, int, int | None], None]

# Items show up in lists some time after the update time that they carry, and clocks differ between hosts.
OVERLAP_SECONDS: Final = 600.0
# After so long a pull passes through all items again, to notice what is gone.
WHOLE_EVERY_SECONDS: Final = 7 * 86_400.0
_SWEPT_AT_ONCE: Final = 200
_ASKED_AT_ONCE: Final = 8

# What a registry says to a place in a list that it does not know any more.
_LOST_PLACE: Final = (CallerError, DeploymentError, MalformedAnswerError)


class Deployment(NamedTuple):
    """The services of a deployment that a pull asks, as the mirror's user."""

    prov: ProvApi
    raw_items: RawItems
    auth: AuthApi


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did.

    Attributes:
        changed: Items that were new here, or different.
        gone: Those that were here and are not listed any more.
        skipped: Id and reason of those that cannot be kept.
        waiting: Id and reason of runs and activities whose provenance cannot be told yet.
        whole: Whether every item was looked at.
        items: How many there are here now.
    """

    changed: int
    gone: int
    skipped: tuple[tuple[str, str], ...]
    waiting: tuple[tuple[str, str], ...]
    whole: bool
    items: int


@dataclass(slots=True)
class _Found:
    """What has come of a pull so far."""

    looked_at: int = 0
    changed: int = 0
    gone: int = 0
    skipped: dict[str, str] = field(default_factory=dict[str, str])
    waiting: tuple[tuple[str, str], ...] = ()
    owners: set[str] = field(default_factory=set[str])


class Pull:
    """One pull; ``run`` it once."""

    def __init__(
        self,
        deployment: Deployment,
        store: Store,
        origin: MirrorOrigin,
        *,
        clock: Callable[[], float],
        on_progress: Progress = lambda stage, done, total: None,
    ) -> None:
        """Bring ``store`` up to what ``deployment`` shows.

        Args:
            deployment: Asked as the user of ``origin``.
            store: Where to.
            origin: What the mirror is of, and whose.
            clock: Unix seconds.
            on_progress: Told about every page.
        """
        self._deployment = deployment
        self._store = store
        self._origin = origin
        self._clock = clock
        self._on_progress = on_progress
        self._found = _Found()
        self._expected: int | None = None
        self._passes = False

    async def run(self, *, whole: bool = False) -> PullReport:
        """Pull, going on with a pass that was begun; with ``whole`` pass through everything anew.

        Raises:
            StoreError: The store failed, or is a mirror of something else.
            ProvenaError: The deployment failed. What was pulled stays, and another pull goes on.
        """
        known = await to_thread.run_sync(self._opened)
        known = await self._begun(known, whole=whole)
        self._passes = known.under_way is not None
        if known.under_way:
            known = await self._pass(known.under_way)
        await self._catch_up(known.mark)
        found = self._found
        return PullReport(
            changed=found.changed,
            gone=found.gone,
            skipped=tuple(found.skipped.items()),
            waiting=found.waiting,
            whole=self._passes,
            items=await self._store.reading(contents.count),
        )

    def _opened(self) -> Ledger:
        with self._store.write() as connection:
            known = ledger.open_ledger(connection, self._origin)
            if known.as_of is not None:
                self._expected = contents.count(connection)
            return known

    async def _begun(self, known: Ledger, *, whole: bool) -> Ledger:
        """The ledger, with a new pass under way where one is needed."""
        began = self._clock()
        answered, newest = await self._look()
        # A little is made good by what overlaps; and the services' clocks differ.
        went_back = answered < known.mark - OVERLAP_SECONDS
        is_due = known.whole_as_of is None or abs(began - known.whole_as_of) > WHOLE_EVERY_SECONDS
        if whole or went_back or (is_due and known.under_way is None):
            new = Pass(began, min(answered, newest))
            await self._store.writing(ledger.begin_pass, new)
        return await self._store.reading(_known)

    async def _look(self) -> tuple[float, float]:
        """The time at the deployment, and of its newest update, 0 where that is not to be seen."""
        page = await self._deployment.raw_items.first_page("UPDATED_TIME", ascending=False)
        return self._time_of(page), max(map(_updated, page.items), default=0.0)

    def _time_of(self, page: RawPage) -> float:
        return page.answered if page.answered is not None else self._clock()

    async def _pass(self, under_way: Pass) -> Ledger:
        """Go through all items from where the pass is, then let go of what it has not met."""
        if not await self._is_known(under_way.key):
            under_way = Pass(self._clock(), under_way.mark)
            await self._store.writing(ledger.begin_pass, under_way)
        await self._see_all(under_way)
        gone = await self._store.reading(ledger.unseen)
        for first in range(0, len(gone), _SWEPT_AT_ONCE):
            await self._store.writing(contents.forget, gone[first : first + _SWEPT_AT_ONCE], self._clock())
        self._found.gone += len(gone)
        await self._lodge(await self._store.reading(contents.owners))
        await self._store.writing(ledger.end_pass, under_way)
        return await self._store.reading(_known)

    async def _is_known(self, key: JsonObject | None) -> bool:
        """Whether the registry goes on from there; it has just answered, so a failure is about the place."""
        try:
            if key is not None:
                await self._deployment.raw_items.first_page("CREATED_TIME", ascending=True, key=key)
        except _LOST_PLACE:
            return False
        return True

    async def _see_all(self, under_way: Pass) -> None:
        listing = self._deployment.raw_items.pages("CREATED_TIME", ascending=True, key=under_way.key)
        async with aclosing(listing) as pages:
            async for page in pages:
                await to_thread.run_sync(self._keep, page, True)

    async def _catch_up(self, mark: float) -> None:
        """Read what was updated since ``mark``, and a little before."""
        began, newest, answered = self._clock(), None, None
        async with aclosing(self._deployment.raw_items.pages("UPDATED_TIME", ascending=False)) as pages:
            async for page in pages:
                await to_thread.run_sync(self._keep, page, False)
                times = [*map(_updated, page.items)]
                answered = self._time_of(page) if answered is None else answered
                newest = max(times, default=None) if newest is None else newest
                if times and min(times) < mark - OVERLAP_SECONDS:
                    break
        await self._lodge(self._found.owners)
        if newest is not None and answered is not None:
            mark = min(answered, newest)
        await self._store.writing(ledger.note_caught_up, began, mark)

    def _keep(self, page: RawPage, in_pass: bool) -> None:
        found = self._found
        entries = self._entries(page.items)
        with self._store.write() as connection:
            if in_pass:
                changed = contents.keep_in_pass(connection, entries, page.pagination_key)
            else:
                changed = contents.keep_beside(connection, entries)
        # What a pass has met may be read again afterwards.
        found.looked_at += len(page.items) if in_pass or not self._passes else 0
        found.changed += len(changed)
        # All of them: a pull that was killed may have kept an item and not asked who its owner is.
        found.owners.update(entry.item.owner_username or "" for entry in entries)
        self._on_progress("items", found.looked_at, self._expected)

    def _entries(self, raw_items: Iterable[JsonObject]) -> list[Entry]:
        entries: list[Entry] = []
        for raw in raw_items:
            try:
                entries.append(read_entry(raw))
            except ValueError as error:
                self._found.skipped[str(raw.get("id", ""))] = str(error)
        return entries

    async def _lodge(self, owners: Iterable[str]) -> None:
        """Learn who owners are, then bring what items assert into the graph."""
        persons = await self._persons_of(owners)
        await self._store.writing(contents.link_owners, persons)
        lodged = await to_thread.run_sync(graph_sync.lodge_pending, self._store, self._note_lodged)
        self._found.waiting = lodged.waiting

    def _note_lodged(self, done: int, total: int) -> None:
        self._on_progress("provenance", done, total)

    async def _persons_of(self, owners: Iterable[str]) -> dict[str, str | None]:
        slots = asyncio.Semaphore(_ASKED_AT_ONCE)
        persons: dict[str, str | None] = {}

        async def ask(username: str) -> None:
            async with slots:
                try:
                    persons[username] = await self._deployment.auth.linked_person(username)
                except (AccessError, CallerError):
                    # Not for this user to know: whoever owns a Person first is taken to be it.
                    return

        await together(*(ask(username) for username in {*owners, self._origin.username} if username))
        return persons


def _known(connection: sqlite3.Connection) -> Ledger:
    known = ledger.read_ledger(connection)
    assert known is not None, "a pull begins with opening the ledger"
    return known


def _updated(raw: JsonObject) -> float:
    value = raw.get("updated_timestamp")
    return float(value) if isinstance(value, int | float) else 0.0
