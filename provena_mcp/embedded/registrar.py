"""Registry items that users write: registering, completing, changing and versioning them (provena-http 7.2).

Every function works inside the caller's write transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provena_mcp.embedded import item_history, items
from provena_mcp.embedded.items import mint
from provena_mcp.embedded.jobs.rows import NewJob, Submitter, submit
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.subtypes import ItemSubtype

VERSIONED: Final[frozenset[ItemSubtype]] = frozenset(
    {"MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE", "DATASET_TEMPLATE", "DATASET"}
)
"""What has versions, and activities in the graph that made it (provena-http 5.3, 7.1)."""

_NEEDS_PERSON: Final[frozenset[ItemSubtype]] = frozenset({*VERSIONED, "STUDY"})


class NoPersonError(Exception):
    """The user is linked to no Person, which this subtype asks for."""


class AlreadyVersionedError(Exception):
    """The item is not the newest of its versions."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """A user writing at a moment."""

    connection: sqlite3.Connection
    submitter: Submitter
    now: int
    new_id: Callable[[], str]

    @property
    def username(self) -> str:
        """Whose items these become."""
        return self.submitter.user.username

    def person_for(self, subtype: ItemSubtype) -> str | None:
        """The user's Person, for a subtype that asks for one.

        Raises:
            NoPersonError: There is none.
        """
        if subtype not in _NEEDS_PERSON:
            return None
        person = items.linked_person(self.connection, self.username)
        if person is None:
            raise NoPersonError
        return person

    def seed(self, subtype: ItemSubtype) -> JsonObject:
        """Reserve an id."""
        raw = item_history.seed_item(mint(self.connection), subtype, self.username, self.now)
        if subtype in VERSIONED:
            raw["versioning_info"] = {"version": 1}
        item_history.put(self.connection, raw)
        return raw

    def create(self, content: JsonObject, subtype: ItemSubtype) -> JsonObject:
        """Register a complete item under a new handle.

        Raises:
            NoPersonError: The user is linked to no Person.
        """
        self.person_for(subtype)
        return self.complete(self.seed(subtype), content, subtype)

    def complete(self, seed: JsonObject, content: JsonObject, subtype: ItemSubtype) -> JsonObject:
        """Give a reserved id its content; the creation is lodged by jobs.

        Raises:
            NoPersonError: The user is linked to no Person.
        """
        person = self.person_for(subtype)
        raw = item_history.completed(seed, content, self.username, self.now)
        if subtype in VERSIONED and person is not None:
            raw["workflow_links"] = {"create_activity_workflow_id": self._register_creation(raw, person)}
        item_history.put(self.connection, raw)
        return raw

    def change(self, raw: JsonObject, content: JsonObject, reason: str) -> JsonObject:
        """Give a complete item other content."""
        changed = item_history.revised(raw, content, self.username, self.now, reason)
        item_history.put(self.connection, changed)
        return changed

    def version(self, raw: JsonObject, subtype: ItemSubtype, reason: str) -> tuple[JsonObject, str]:
        """Make a new version with the same content; it, and the session of the job that lodges this.

        Raises:
            NoPersonError: The user is linked to no Person.
            AlreadyVersionedError: There is a newer version.
        """
        person = self.person_for(subtype)
        info = raw.get("versioning_info")
        versioning: JsonObject = info if isinstance(info, dict) else {"version": 1}
        if versioning.get("next_version") is not None:
            raise AlreadyVersionedError
        number = versioning.get("version")
        newer_number = (number if isinstance(number, int) else 1) + 1
        older_id = str(raw["id"])
        seed = item_history.seed_item(mint(self.connection), subtype, self.username, self.now)
        first_reason = f"New version of existing item (id={older_id})."
        content = item_history.domain_of(raw)
        newer = item_history.completed(seed, content, self.username, self.now, first_reason)
        newer_id = str(newer["id"])
        session_id = self.new_id()
        newer["workflow_links"] = {"version_activity_workflow_id": session_id}
        newer["versioning_info"] = {"previous_version": older_id, "version": newer_number, "reason": reason}
        item_history.put(self.connection, newer)
        item_history.put(
            self.connection, {**raw, "versioning_info": {**versioning, "next_version": newer_id}}
        )
        payload: JsonObject = {
            "reason": reason,
            "version_number": newer_number,
            "from_version_id": older_id,
            "to_version_id": newer_id,
            "linked_person_id": person,
            "item_subtype": subtype,
        }
        self._submit(NewJob(session_id, "REGISTER_VERSION_ACTIVITY", payload))
        return newer, session_id

    def _register_creation(self, raw: JsonObject, person: str) -> str:
        session_id = self.new_id()
        payload: JsonObject = {
            "created_item_id": raw["id"],
            "created_item_subtype": raw["item_subtype"],
            "linked_person_id": person,
        }
        self._submit(NewJob(session_id, "REGISTER_CREATE_ACTIVITY", payload))
        return session_id

    def _submit(self, job: NewJob) -> None:
        submit(self.connection, [job], self.submitter, self.now)


def creation_session(raw: JsonObject) -> str | None:
    """The session of the job that lodges an item's creation."""
    links = raw.get("workflow_links")
    session_id = links.get("create_activity_workflow_id") if isinstance(links, dict) else None
    return session_id if isinstance(session_id, str) else None
