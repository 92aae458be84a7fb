"""Which items an answer of the deployment says were made or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json

from provena_mcp.client.http.request import Call
from provena_mcp.wire.items import JsonObject, as_object
from provena_mcp.wire.jobs import Job

# Where jobs name items in what they were given and what they made (provena-http 6.4).
_OF_JOBS: Final = (
    *("model_run_record_id", "created_item_id", "creation_activity_id"),
    *("from_version_id", "to_version_id", "version_activity_id"),
)
_OF_WRITES: Final = ("new_version_id", "handle")


def changed_by_write(call: Call, content: bytes) -> set[str]:
    """The items that a write to the registry, or to the data store, has changed or made."""
    answer = _read(content)
    made = (as_object(answer.get(name)).get("id") for name in ("created_item", "seeded_item"))
    named = (answer.get(name) for name in _OF_WRITES)
    return {*call.subjects, *filter(None, map(_handle, (*made, *named)))}


def jobs_that_succeeded(content: bytes) -> Iterator[Job]:
    """The jobs of an answer that have come to a good end."""
    answer = _read(content)
    listed = answer.get("jobs")
    for raw in (*(listed if isinstance(listed, list) else ()), answer.get("job")):
        try:
            job = Job.model_validate(raw)
        except ValidationError:
            continue
        if job.status == "SUCCEEDED":
            yield job


def changed_by_job(job: Job) -> set[str]:
    """The items that a job has changed or made."""
    result, payload = job.result or {}, job.payload or {}
    named = (part.get(name) for part in (result, payload) for name in _OF_JOBS)
    return {*filter(None, map(_handle, (as_object(result.get("record")).get("id"), *named)))}


def _read(content: bytes) -> JsonObject:
    try:
        return as_object(from_json(content))
    except ValueError:
        return {}


def _handle(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
