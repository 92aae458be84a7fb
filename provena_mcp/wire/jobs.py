"""Asynchronous jobs (provena-http 6)."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import ValidationError

from provena_mcp.wire.base import Wire
from provena_mcp.wire.items import JsonObject, ModelRunRecord

JobType = Literal["PROV_LODGE", "REGISTRY", "EMAIL", "REPORT"]
JobSubtype = Literal[
    "PROV_LODGE_WAKE_UP",
    "MODEL_RUN_PROV_LODGE",
    "MODEL_RUN_LODGE_ONLY",
    "MODEL_RUN_UPDATE",
    "MODEL_RUN_UPDATE_LODGE_ONLY",
    "MODEL_RUN_BATCH_SUBMIT",
    "LODGE_CREATE_ACTIVITY",
    "LODGE_VERSION_ACTIVITY",
    "REGISTRY_WAKE_UP",
    "REGISTER_CREATE_ACTIVITY",
    "REGISTER_VERSION_ACTIVITY",
    "EMAIL_WAKE_UP",
    "SEND_EMAIL",
    "GENERATE_REPORT",
]
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

    jobs: tuple[JsonObject, ...]
    pagination_key: JsonObject | None = None


def record_in(holder: JsonObject | None, key: str) -> ModelRunRecord | None:
    """The record under ``key`` of a job's payload or an entry of a history, if there is one that is valid."""
    try:
        return ModelRunRecord.model_validate((holder or {}).get(key))
    except ValidationError:
        return None
