"""Asynchronous jobs (provena-http 6)."""

from __future__ import annotations

from typing import Final

from provena_mcp.wire.base import Wire
from provena_mcp.wire.items import JsonObject

TERMINAL_STATUSES: Final = frozenset({"SUCCEEDED", "FAILED"})


class Job(Wire):
    """One job row; type, subtype and status are open strings because deployments differ."""

    session_id: str
    created_timestamp: int = 0
    username: str | None = None
    batch_id: str | None = None
    payload: JsonObject | None = None
    job_type: str = ""
    job_sub_type: str = ""
    status: str
    info: str | None = None
    result: JsonObject | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the status will not change any more."""
        return self.status in TERMINAL_STATUSES


class JobAnswer(Wire):
    """A fetched job."""

    job: Job


class JobListAnswer(Wire):
    """A page of jobs, newest first."""

    jobs: tuple[JsonObject, ...] = ()
    pagination_key: JsonObject | None = None
