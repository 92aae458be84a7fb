"""Jobs that register and lodge the creation or versioning of an item (provena-http 5.3, 6.4)."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from provena_mcp.embedded import item_history
from provena_mcp.embedded.graph_sync import lodge
from provena_mcp.embedded.items import mint
from provena_mcp.embedded.jobs.rows import JobOutcome, NewJob
from provena_mcp.embedded.jobs.tasks import JobWork, Task
from provena_mcp.rules.provenance import assert_creation, assert_version
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.jobs import JobSubtype


class CreationPayload(BaseModel):
    """An item that was registered, and by whom."""

    created_item_id: str
    created_item_subtype: str
    linked_person_id: str


class LodgeCreationPayload(CreationPayload):
    """The activity to lodge."""

    creation_activity_id: str


class VersionPayload(BaseModel):
    """A new version that was made, and by whom."""

    reason: str
    version_number: int
    from_version_id: str
    to_version_id: str
    linked_person_id: str
    item_subtype: str


class LodgeVersionPayload(BaseModel):
    """The activity to lodge."""

    from_version_id: str
    to_version_id: str
    version_activity_id: str
    linked_person_id: str
    item_subtype: str


def _register_creation(work: JobWork) -> JobOutcome:
    asked = CreationPayload.model_validate(work.job.payload)
    created_id = asked.created_item_id
    activity_id = mint(work.connection)
    seed = item_history.seed_item(activity_id, "CREATE", work.username, work.now)
    domain: JsonObject = {"display_name": f"Created item {created_id}", "created_item_id": created_id}
    item_history.put(work.connection, item_history.completed(seed, domain, work.username, work.now))
    session_id = work.new_id()
    payload: JsonObject = {
        "created_item_id": created_id,
        "creation_activity_id": activity_id,
        "linked_person_id": asked.linked_person_id,
        "created_item_subtype": asked.created_item_subtype,
    }
    work.submit(NewJob(session_id, "LODGE_CREATE_ACTIVITY", payload))
    return JobOutcome({"creation_activity_id": activity_id, "lodge_session_id": session_id})


def _lodge_creation(work: JobWork) -> JobOutcome:
    asked = LodgeCreationPayload.model_validate(work.job.payload)
    graph = assert_creation(
        asked.creation_activity_id, asked.created_item_id, asked.created_item_subtype, asked.linked_person_id
    )
    lodge(work.connection, {asked.creation_activity_id: graph})
    return JobOutcome({})


def _register_version(work: JobWork) -> JobOutcome:
    asked = VersionPayload.model_validate(work.job.payload)
    activity_id = mint(work.connection)
    seed = item_history.seed_item(activity_id, "VERSION", work.username, work.now)
    domain: JsonObject = {
        "display_name": f"Versioned item {asked.from_version_id}",
        "reason": asked.reason,
        "from_item_id": asked.from_version_id,
        "to_item_id": asked.to_version_id,
        "new_version_number": asked.version_number,
    }
    item_history.put(work.connection, item_history.completed(seed, domain, work.username, work.now))
    session_id = work.new_id()
    payload: JsonObject = {
        "from_version_id": asked.from_version_id,
        "to_version_id": asked.to_version_id,
        "version_activity_id": activity_id,
        "linked_person_id": asked.linked_person_id,
        "item_subtype": asked.item_subtype,
    }
    work.submit(NewJob(session_id, "LODGE_VERSION_ACTIVITY", payload))
    return JobOutcome({"version_activity_id": activity_id, "lodge_session_id": session_id})


def _lodge_version(work: JobWork) -> JobOutcome:
    asked = LodgeVersionPayload.model_validate(work.job.payload)
    graph = assert_version(
        asked.version_activity_id,
        asked.from_version_id,
        asked.to_version_id,
        asked.item_subtype,
        asked.linked_person_id,
    )
    lodge(work.connection, {asked.version_activity_id: graph})
    return JobOutcome({})


ACTIVITY_TASKS: Final[dict[JobSubtype, Task]] = {
    "REGISTER_CREATE_ACTIVITY": Task(_register_creation, CreationPayload),
    "LODGE_CREATE_ACTIVITY": Task(_lodge_creation, LodgeCreationPayload),
    "REGISTER_VERSION_ACTIVITY": Task(_register_version, VersionPayload),
    "LODGE_VERSION_ACTIVITY": Task(_lodge_version, LodgeVersionPayload),
}
