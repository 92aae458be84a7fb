"""Why a job failed, and what usually lies behind it where Provena lost the cause (provena-http 6.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.jobs import SERVICE_DOWN, kind_of
from provena_mcp.rules.records.problems import RECORD_REFUSED
from provena_mcp.rules.text import clean
from provena_mcp.wire.jobs import Job

_LENGTH: Final = 400
_LOST: Final = re.compile(r"Error:[ .]*\Z")
_CHECKING: Final = "model run validation"

_UNREADABLE: Final = (
    "a dataset template in the record is not one of the workflow template's",
    "the record names an item that you may not read",
)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed: one sentence, Provena's own words if it said any, else likely causes."""

    reason: str
    provena_said: str | None = None
    likely: tuple[str, ...] = ()


def explain_failure(job: Job) -> JobFailure:
    """Why a failed job failed."""
    info = (job.info or "").strip()
    if info.startswith(RECORD_REFUSED):
        said = clean(info.removeprefix(RECORD_REFUSED), _LENGTH)
        return JobFailure("Provena refused the record.", said or None)
    if info and not _LOST.search(info):
        return JobFailure("Provena could not do this.", clean(info, _LENGTH) or None)
    kind = kind_of(job.job_sub_type)
    causes = kind.likely_causes if kind else SERVICE_DOWN
    return JobFailure(
        "Provena did not say why it failed.", likely=_UNREADABLE if _CHECKING in info else causes
    )
