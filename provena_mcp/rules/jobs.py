"""Provena's jobs: of each subtype its type, what it does, and why it usually fails (provena-http 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from provena_mcp.wire.jobs import JobSubtype, JobType


@dataclass(frozen=True, slots=True)
class JobKind:
    """A subtype of job.

    Attributes:
        type: The type it belongs to.
        purpose: What it does, in words.
        likely_causes: Of a failure whose cause Provena lost.
    """

    type: JobType
    purpose: str
    likely_causes: tuple[str, ...]


SERVICE_DOWN: Final = ("a service this job needs was down",)
_GRAPH_DOWN: Final = (
    "the graph was down: the registry has the change already, an administrator's store_record puts it "
    "into the graph",
)

JOB_KINDS: Final[Mapping[JobSubtype, JobKind]] = {
    "MODEL_RUN_PROV_LODGE": JobKind(
        "PROV_LODGE",
        "register a model run",
        (
            "your login may not create model runs",
            "the registry or the graph was down (an id may have been reserved without content)",
        ),
    ),
    "MODEL_RUN_BATCH_SUBMIT": JobKind(
        "PROV_LODGE",
        "register a batch of model runs",
        ("the batch was empty", "your account has no e-mail address", "the job queue was down"),
    ),
    "MODEL_RUN_UPDATE": JobKind(
        "PROV_LODGE",
        "update a model run",
        (
            "no model run has this id",
            "the run belongs to somebody else, who has not let you change it",
            "the run is locked",
            "the reason was empty",
        ),
    ),
    "MODEL_RUN_LODGE_ONLY": JobKind("PROV_LODGE", "put a changed model run into the graph", _GRAPH_DOWN),
    "MODEL_RUN_UPDATE_LODGE_ONLY": JobKind(
        "PROV_LODGE", "put an updated model run into the graph", _GRAPH_DOWN
    ),
    "LODGE_CREATE_ACTIVITY": JobKind("PROV_LODGE", "put an item's creation into the graph", SERVICE_DOWN),
    "LODGE_VERSION_ACTIVITY": JobKind("PROV_LODGE", "put an item's new version into the graph", SERVICE_DOWN),
    "PROV_LODGE_WAKE_UP": JobKind("PROV_LODGE", "wake up the lodging service", SERVICE_DOWN),
    "REGISTER_CREATE_ACTIVITY": JobKind("REGISTRY", "record an item's creation", SERVICE_DOWN),
    "REGISTER_VERSION_ACTIVITY": JobKind("REGISTRY", "record an item's new version", SERVICE_DOWN),
    "REGISTRY_WAKE_UP": JobKind("REGISTRY", "wake up the registry's jobs", SERVICE_DOWN),
    "EMAIL_WAKE_UP": JobKind("EMAIL", "wake up the e-mail service", SERVICE_DOWN),
    "SEND_EMAIL": JobKind("EMAIL", "send an e-mail", SERVICE_DOWN),
    "GENERATE_REPORT": JobKind(
        "REPORT",
        "generate a report",
        (
            "the item is not a study or a model run with lineage",
            "this Provena has no file storage for reports",
        ),
    ),
}


def kind_of(subtype: str) -> JobKind | None:
    """What is known of a subtype; deployments may have others."""
    for known, kind in JOB_KINDS.items():
        if known == subtype:
            return kind
    return None
