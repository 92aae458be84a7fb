"""Bringing the provenance of stored items into the graph, oldest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provena_mcp.embedded import graph, items
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version, model_in
from provena_mcp.wire.items import (
    MODEL_OF,
    CreateItem,
    ModelRunItem,
    RegistryItem,
    VersionItem,
    WorkflowTemplateItem,
    parse_item,
)

if TYPE_CHECKING:
    from provena_mcp.wire.stored_runs import StoredRun

# Items a transaction: short enough for other processes to get their turn.
BATCH: Final = 500

_PENDING: Final = """
    SELECT created, id, subtype, raw FROM item WHERE pending AND (created, id) > (?, ?)
    ORDER BY created, id LIMIT ?
"""
_EARLIEST_PERSON: Final = """
    SELECT id FROM item WHERE subtype = 'PERSON' AND owner = ? AND record_type = 'COMPLETE_ITEM'
    ORDER BY created, id LIMIT 1
"""


class NotLodgedError(Exception):
    """What an item asserts cannot be told, because an item it names is not in the registry."""


@dataclass(frozen=True)
class LodgeReport:
    """What lodging did.

    ``waiting`` names items whose provenance stays out of the graph until what they refer to is
    there, with why; ``personless`` are owners of activities for whom no Person is known.
    """

    lodged: int = 0
    waiting: tuple[tuple[str, str], ...] = ()
    personless: tuple[str, ...] = ()


def lodge_pending(
    store: Store, on_progress: Callable[[int, int], None] = lambda done, total: None
) -> LodgeReport:
    """Lodge every item that is not in the graph yet, in the order of creation time, then id.

    Batch by batch, each a transaction of its own, so that a process killed half-way or one working
    beside this one leaves nothing undone and nothing doubled. ``on_progress`` is told how many were
    looked at, and of how many.
    """
    with store.read() as connection:
        total = int(connection.execute("SELECT count(*) FROM item WHERE pending").fetchone()[0])
    seen = 0
    place: tuple[int, str] = (-(2**63), "")
    lodged = 0
    waiting: list[tuple[str, str]] = []
    personless: set[str] = set()
    while True:
        with store.write() as connection:
            rows = connection.execute(_PENDING, (*place, BATCH)).fetchall()
            batch = _Batch(connection)
            for _, item_id, subtype, raw in rows:
                batch.add(item_id, _read(subtype, raw))
            batch.lodge()
        if not rows:
            return LodgeReport(lodged, tuple(waiting), tuple(sorted(personless)))
        place = rows[-1][:2]
        lodged += len(batch.graphs)
        waiting += batch.waiting
        personless |= batch.personless
        seen += len(rows)
        on_progress(seen, max(seen, total))


def lodge(connection: sqlite3.Connection, graphs: Mapping[str, ProvenanceGraph]) -> None:
    """Make each item assert exactly its graph, and note that it does."""
    graph.lodge(connection, graphs.items())
    connection.executemany("UPDATE item SET pending = 0 WHERE id = ?", ((item_id,) for item_id in graphs))


def _read(subtype: str, raw: str) -> RegistryItem | StoredRun:
    """A stored item; of a run only what it asserts, in a fifth of the time."""
    from msgspec import ValidationError

    from provena_mcp.wire.stored_runs import RUN

    try:
        return RUN.decode(raw) if subtype == "MODEL_RUN" else MODEL_OF[subtype].model_validate_json(raw)
    except ValidationError:
        return ModelRunItem.model_validate_json(raw)


class _Batch:
    """Items to lodge together, and what was looked up for them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.graphs: dict[str, ProvenanceGraph] = {}
        self.waiting: list[tuple[str, str]] = []
        self.personless: set[str] = set()
        self._connection = connection
        self._software: dict[str, str] = {}
        self._persons: dict[str, str | None] = {}

    def add(self, item_id: str, item: RegistryItem | StoredRun) -> None:
        """Work out what an item asserts, or note why that cannot be told."""
        try:
            self.graphs[item_id] = self._asserted(item)
        except NotLodgedError as error:
            self.waiting.append((item_id, str(error)))

    def lodge(self) -> None:
        """Write what was worked out, and that it is done."""
        lodge(self._connection, self.graphs)

    def _asserted(self, item: RegistryItem | StoredRun) -> ProvenanceGraph:
        if isinstance(item, ModelRunItem) or not isinstance(item, RegistryItem):
            return assert_model_run(item.id, item.record, self._software_of(item))
        match item:
            case CreateItem():
                created = self._item(item.created_item_id, "the created item")
                return assert_creation(item.id, created.id, created.item_subtype, self._person_of(item))
            case VersionItem():
                newer = self._item(item.to_item_id, "the new version")
                return assert_version(
                    item.id, item.from_item_id, newer.id, newer.item_subtype, self._person_of(item)
                )
            case _:
                return ProvenanceGraph()

    def _software_of(self, run: ModelRunItem | StoredRun) -> str:
        """The model that the run's template names; if that is not here, the one it was lodged with."""
        try:
            return self._software_by(run.record.workflow_template_id)
        except NotLodgedError:
            model = model_in(run.prov_serialisation)
            if model is None:
                raise
            return model

    def _software_by(self, template_id: str) -> str:
        if template_id not in self._software:
            template = self._item(template_id, "the workflow template")
            if not isinstance(template, WorkflowTemplateItem):
                message = f"the workflow template {template_id!r} is a {template.item_subtype}"
                raise NotLodgedError(message)
            self._software[template_id] = template.software_id
        return self._software[template_id]

    def _item(self, item_id: str, what: str) -> RegistryItem:
        raw = items.fetch_raw(self._connection, item_id)
        if raw is None:
            message = f"{what} {item_id!r} is not in the registry"
            raise NotLodgedError(message)
        return parse_item(raw)

    def _person_of(self, item: RegistryItem) -> str | None:
        owner = item.owner_username or ""
        if owner not in self._persons:
            self._persons[owner] = person_of(self._connection, owner)
        if self._persons[owner] is None:
            self.personless.add(owner)
        return self._persons[owner]


def person_of(connection: sqlite3.Connection, username: str) -> str | None:
    """Who a username is: the linked Person, else the earliest Person it owns, else unknown."""
    linked = items.linked_person(connection, username)
    if linked is not None:
        return linked
    row = connection.execute(_EARLIEST_PERSON, (username,)).fetchone()
    return None if row is None else row[0]
