"""Why a job failed, and what usually lies behind it where Provena lost the cause (provena-http 6.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

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
_LODGING: Final[dict[str, tuple[str, ...]]] = {
    "MODEL_RUN_PROV_LODGE": (
        "your login may not create model runs, or is not linked to a Person",
        "the registry or the graph was down (an id may have been reserved without content)",
    ),
    "MODEL_RUN_BATCH_SUBMIT": (
        "the batch was empty",
        "your account has no e-mail address",
        "the job queue was down",
    ),
    "MODEL_RUN_UPDATE": (
        "no model run has this id",
        "the run belongs to somebody else, who has not let you change it",
        "the run is locked",
        "the reason was empty",
    ),
    "MODEL_RUN_LODGE_ONLY": (
        "the graph was down: the registry has the change already, an administrator's store_record puts it "
        "into the graph",
    ),
    "GENERATE_REPORT": (
        "the item is not a study or a model run with lineage",
        "this Provena has no file storage for reports",
    ),
}
_ANYTHING: Final = ("a service this job needs was down",)


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed: one sentence, Provena's own words if it said any, else likely causes."""

    reason: str
    provena_said: str | None = None
    likely: tuple[str, ...] = ()


def explain_failure(job: Job) -> JobFailure:
    """What to tell of a failed job."""
    info = (job.info or "").strip()
    if info.startswith(RECORD_REFUSED):
        said = clean(info.removeprefix(RECORD_REFUSED), _LENGTH)
        return JobFailure("Provena refused the record.", said or None)
    if info and not _LOST.search(info):
        return JobFailure("Provena could not do this.", clean(info, _LENGTH) or None)
    causes = _LODGING.get(job.job_sub_type, _ANYTHING)
    if _CHECKING in info:
        causes = _UNREADABLE
    return JobFailure("Provena did not say why it failed.", likely=causes)
