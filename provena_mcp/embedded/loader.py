"""Loading registry items into a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from pydantic import JsonValue, ValidationError

from provena_mcp.embedded import items
from provena_mcp.embedded.graph_sync import BATCH, lodge_pending
from provena_mcp.embedded.items import Entry, fetch_raw
from provena_mcp.embedded.json_text import fault_of
from provena_mcp.embedded.sources import Source, Unread
from provena_mcp.embedded.store import Store
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.wire.items import JsonObject, parse_item
from provena_mcp.wire.subtypes import CATEGORY_OF, SUBTYPES

Stage = Literal["items", "provenance"]
# Told the stage, how many are done, and of how many.
Progress = Callable[[Stage, int, int], None]

_RECORD_TYPES: Final = ("COMPLETE_ITEM", "SEED_ITEM")
_LARGEST: Final = 2**63 - 1
_MOST_COMPLAINTS: Final = 3


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that was not loaded: its place in the file from 0, its id if it has one, and why."""

    index: int
    id: str
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    ``waiting`` names loaded items whose provenance is not in the graph yet, because something they
    refer to is not in the registry; loading that brings it in. ``personless`` are owners for whom
    no Person is known, so that what they registered is attributed to no one. ``locked`` and
    ``restricted`` are ids of items that a registry's dump says are locked, or not readable by everyone
    or for groups: a store keeps neither locks nor rights.
    """

    loaded: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    lodged: int = 0
    waiting: tuple[tuple[str, str], ...] = ()
    personless: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()


def load_items(
    store: Store,
    source: Source,
    *,
    links: Mapping[str, str] | None = None,
    on_progress: Progress = lambda stage, done, total: None,
) -> LoadReport:
    """Put the items of ``source`` into the store and their provenance into the graph.

    Loading the same again changes nothing. Items go in first, then what model runs, CREATE and
    VERSION activities assert, in the order of creation time, then id. New links of usernames to
    Persons let all of it be asserted again, in that order. Only a batch of items is held at a time.

    Args:
        store: Where to.
        source: The items, and links they bring along.
        links: Further links; they prevail.
        on_progress: Told about every batch.

    Raises:
        StoreError: The store failed; what was loaded so far stays, and loading again goes on.
    """
    with store.write() as connection:
        if items.link_users(connection, {**source.links, **(links or {})}):
            items.lodge_again(connection)
    total, loading = len(source.items), _Loading(store)
    with closing(loading):
        for index, value in enumerate(source.items):
            loading.take(index, value)
            if loading.is_full or index == total - 1:
                loading.put()
                on_progress("items", index + 1, total)
    lodged = lodge_pending(store, lambda done, total: on_progress("provenance", done, total))
    return LoadReport(
        loaded=loading.loaded,
        unchanged=total - len(loading.skipped) - loading.loaded,
        skipped=tuple(loading.skipped),
        lodged=lodged.lodged,
        waiting=lodged.waiting,
        personless=lodged.personless,
        locked=tuple(loading.locked),
        restricted=tuple(loading.restricted),
    )


class _Loading:
    """The items of a file on their way into the store, and what came of them."""

    def __init__(self, store: Store) -> None:
        self.loaded = 0
        self.skipped: list[Skipped] = []
        self.locked: list[str] = []
        self.restricted: list[str] = []
        self._store = store
        self._batch: dict[str, Entry] = {}
        # Which ids were there before, in a file of SQLite's own that goes with its connection.
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("PRAGMA journal_mode = OFF")
        self._seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID")

    @property
    def is_full(self) -> bool:
        """Whether it is time to put a batch."""
        return len(self._batch) == BATCH

    def close(self) -> None:
        self._seen.close()

    def take(self, index: int, value: JsonValue | Unread) -> None:
        """Check an item, and have it ready to be put."""
        try:
            bundle = _unbundled(value)
            entry = read_entry(bundle.item)
            self._check_repeated(index, entry)
        except ValueError as error:
            self.skipped.append(Skipped(index, _id_of(value), str(error)))
            return
        if bundle.is_locked:
            self.locked.append(entry.item.id)
        if bundle.is_restricted:
            self.restricted.append(entry.item.id)

    def put(self) -> None:
        """Put what is ready."""
        with self._store.write() as connection:
            self.loaded += len(items.put_items(connection, self._batch.values()))
        self._batch.clear()

    def _check_repeated(self, index: int, entry: Entry) -> None:
        item_id = entry.item.id
        if self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (item_id, index)).rowcount:
            self._batch[item_id] = entry
            return
        with self._store.read() as connection:
            kept = self._batch[item_id].raw if item_id in self._batch else fetch_raw(connection, item_id)
        if kept != entry.raw:
            (first,) = self._seen.execute("SELECT place FROM seen WHERE id = ?", (item_id,)).fetchone()
            message = f"item {first} has the same id and other content"
            raise ValueError(message)


class _Bundle(NamedTuple):
    """An item, and what a registry's dump says beside it."""

    item: JsonValue | Unread
    is_locked: bool = False
    is_restricted: bool = False


def _unbundled(value: JsonValue | Unread) -> _Bundle:
    if not isinstance(value, dict) or "item_payload" not in value:
        return _Bundle(value)
    item = value["item_payload"]
    if not isinstance(item, dict) or item.get("id") != value.get("id", item.get("id")):
        raise _bad("the item_payload is no item of this id")
    lock, rights = value.get("lock_payload"), value.get("auth_payload")
    settings = rights.get("access_settings") if isinstance(rights, dict) else None
    return _Bundle(
        item,
        is_locked=isinstance(lock, dict) and lock.get("locked") is True,
        is_restricted=isinstance(settings, dict) and _restricts(settings),
    )


def _restricts(settings: JsonObject) -> bool:
    general = settings.get("general")
    readable = isinstance(general, list) and "metadata-read" in general
    return not readable or bool(settings.get("groups"))


def read_entry(value: JsonValue | Unread) -> Entry:
    """An item from outside as a store can keep it.

    Raises:
        ValueError: It cannot; the text says why.
    """
    if isinstance(value, Unread):
        raise _bad(value.reason)
    if not isinstance(value, dict):
        raise _bad("not a JSON object")
    try:
        item = parse_item(value)
    except ValidationError as error:
        raise _bad(_complaints(error)) from None
    except RecursionError:
        raise _bad("nested too deeply") from None
    entry = Entry(value, item)
    if item.item_subtype not in CATEGORY_OF:
        raise _bad(f"item_subtype {item.item_subtype!r} is none of {', '.join(SUBTYPES)}")
    if item.item_category != CATEGORY_OF[item.item_subtype]:
        raise _bad(f"item_category {item.item_category!r} does not go with {item.item_subtype}")
    if item.record_type not in _RECORD_TYPES:
        raise _bad(f"record_type {item.record_type!r} is none of {', '.join(_RECORD_TYPES)}")
    if max(abs(item.created_timestamp), abs(item.updated_timestamp)) > _LARGEST:
        raise _bad("a timestamp is out of range")
    _check_text(entry)
    return entry


def _check_text(entry: Entry) -> None:
    item_id = entry.item.id
    try:
        text = entry.text
    except ValueError:
        text = None
    fault = fault_of(entry.raw, text, allow_nul=True)
    if fault is not None:
        raise _bad(str(fault))
    try:
        is_handle = parse_handle(item_id) == item_id
    except ArgumentError as error:
        raise _bad(error.message) from None
    if not is_handle:
        raise _bad(f"id {item_id!r} is not a bare handle")


def _bad(reason: str) -> ValueError:
    return ValueError(reason)


def _complaints(error: ValidationError) -> str:
    found = [
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = f"; and {len(found) - _MOST_COMPLAINTS} more" if len(found) > _MOST_COMPLAINTS else ""
    return "; ".join(found[:_MOST_COMPLAINTS]) + more


def _id_of(value: JsonValue | Unread) -> str:
    item_id = value.get("id") if isinstance(value, dict) else None
    return item_id if isinstance(item_id, str) else ""
