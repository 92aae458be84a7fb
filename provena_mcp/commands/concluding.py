"""The part of an answer that every followed job has."""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue
from typing_extensions import TypedDict

from provena_mcp.commands.results import WriteStatus
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.job_report import NextCall
from provena_mcp.queries.jobs.polling import Followed, run_id_of, run_name_of
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject

STILL_RUNNING: Final = "Sent; Provena is still working on it. get_job says what came of it."


class Conclusion(TypedDict):
    """Fields of a result once the change has been sent."""

    status: WriteStatus
    session_id: str
    model_run_id: str | None
    name: str | None
    reason: str | None
    likely_causes: tuple[str, ...] | None
    provena_said: str | None
    next: NextCall | None


def session_in(answer: JsonObject) -> str | None:
    """The session of the job that Provena queued, if its answer names one."""
    found = answer.get("session_id")
    return found if isinstance(found, str) and found else None


def conclusion(answer: JsonObject, seen: Followed, name: JsonValue = None) -> Conclusion:
    """What came of a change, as far as its job has come; ``name`` is of the run, where it was given."""
    session_id = str(answer["session_id"])
    given_name = (clean(name, NAME_LENGTH) or None) if isinstance(name, str) else None
    run_id = run_id_of(seen.job) if seen.job else None
    failure = explain_failure(seen.job) if seen.job is not None and seen.job.status == "FAILED" else None
    return {
        "status": write_status(seen),
        "session_id": session_id,
        "model_run_id": run_id,
        "name": given_name or (run_name_of(seen.job) if seen.job else None),
        "reason": failure.reason if failure else None,
        "likely_causes": (failure.likely or None) if failure else None,
        "provena_said": failure.provena_said if failure else None,
        "next": _next(session_id, seen, run_id),
    }


def write_status(seen: Followed) -> WriteStatus:
    """How a write stands: submitted until all of it has ended."""
    if not seen.finished:
        return "submitted"
    return "succeeded" if seen.status == "succeeded" else "failed"


def outcome_told(seen: Followed, done: str, not_done: str) -> str:
    """The message: ``done`` or ``not_done`` once the job has ended."""
    match write_status(seen):
        case "succeeded":
            return done
        case "failed":
            return not_done
        case _:
            return STILL_RUNNING


def display_name(record: JsonValue) -> JsonValue:
    """The name in a record as it was given."""
    return record.get("display_name") if isinstance(record, dict) else None


def as_object(value: JsonValue) -> JsonObject:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _next(session_id: str, seen: Followed, run_id: str | None) -> NextCall | None:
    if not seen.finished:
        return NextCall(tool="get_job", arguments={"session_id": session_id, "wait": True})
    return NextCall(tool="explore_upstream", arguments={"starting_id": run_id}) if run_id else None
