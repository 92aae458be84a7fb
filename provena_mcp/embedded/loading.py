"""Loading registry items into a store, and exporting them again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TextIO

from pydantic import JsonValue, ValidationError

from provena_mcp.embedded import items
from provena_mcp.embedded.graph_sync import BATCH, lodge_pending
from provena_mcp.embedded.items import Entry
from provena_mcp.embedded.sources import Source, Unread
from provena_mcp.embedded.store import Store
from provena_mcp.errors import ArgumentError, FileRefusedError, StoreError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.wire.items import parse_item
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
    no Person is known, so that what they registered is attributed to no one.
    """

    loaded: int = 0
    unchanged: int = 0
    skipped: tuple[Skipped, ...] = ()
    lodged: int = 0
    waiting: tuple[tuple[str, str], ...] = ()
    personless: tuple[str, ...] = ()


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
    Persons let all of it be asserted again, in that order.

    Args:
        store: Where to.
        source: The items, and links they bring along.
        links: Further links; they prevail.
        on_progress: Told about every batch.

    Raises:
        StoreError: The store failed; what was loaded so far stays, and loading again goes on.
    """
    entries, skipped = _check(source.items)
    with store.write() as connection:
        if items.link_users(connection, {**source.links, **(links or {})}):
            items.lodge_again(connection)
    loaded = 0
    for begin in range(0, len(entries), BATCH):
        with store.write() as connection:
            loaded += len(items.put_items(connection, entries[begin : begin + BATCH]))
        on_progress("items", min(begin + BATCH, len(entries)), len(entries))
    lodged = lodge_pending(store, lambda done, total: on_progress("provenance", done, total))
    return LoadReport(
        loaded=loaded,
        unchanged=len(source.items) - len(skipped) - loaded,
        skipped=skipped,
        lodged=lodged.lodged,
        waiting=lodged.waiting,
        personless=lodged.personless,
    )


def export_items(store: Store, path: Path, *, overwrite: bool = False) -> int:
    """Write every item, as it was loaded, and all links into one file; how many items.

    The file appears whole or not at all. Loading it gives the same registry and graph.

    Raises:
        FileRefusedError: There is such a file already.
        StoreError: The file cannot be written.
    """
    if path.exists() and not overwrite:
        raise FileRefusedError(f"{str(path)!r} exists already.", advice="Name another file, or pass --force.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with store.read() as connection, _private(partial) as file:
            count = _write_array(file.write, items.every_raw(connection))
            file.write(f',\n"links": {json.dumps(items.links(connection), ensure_ascii=False)}}}\n')
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            f"{str(path)!r} cannot be written: {error.strerror}.",
            advice="Name a file in a folder you may write.",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return count


def _private(path: Path) -> TextIO:
    # Its owner's only: an export holds addresses of people.
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")


def _write_array(write: Callable[[str], object], texts: Iterable[str]) -> int:
    write('{"items": [')
    count = 0
    for text in texts:
        write(",\n" if count else "\n")
        write(text)
        count += 1
    write("\n]")
    return count


def _check(found: Sequence[JsonValue | Unread]) -> tuple[list[Entry], tuple[Skipped, ...]]:
    entries: dict[str, tuple[int, Entry]] = {}
    skipped: list[Skipped] = []
    for index, value in enumerate(found):
        try:
            entry = _read(value)
        except ValueError as error:
            skipped.append(Skipped(index, _id_of(value), str(error)))
            continue
        first, kept = entries.setdefault(entry.item.id, (index, entry))
        if kept.raw != entry.raw:
            skipped.append(Skipped(index, entry.item.id, f"item {first} has the same id and other content"))
    return [entry for _, entry in entries.values()], tuple(skipped)


def _read(value: JsonValue | Unread) -> Entry:
    if isinstance(value, Unread):
        raise ValueError(value.reason)
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
        is_handle = parse_handle(item_id) == item_id
        entry.text.encode()
    except ArgumentError as error:
        raise _bad(error.message) from None
    except UnicodeEncodeError:
        raise _bad("it holds text that is not Unicode (a lone surrogate)") from None
    if not is_handle:
        raise _bad(f"id {item_id!r} is not a bare handle")
    if "\\u0000" in entry.text:
        raise _bad("it holds a NUL character")


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
