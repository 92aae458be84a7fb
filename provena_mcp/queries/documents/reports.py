"""Close-out reports of studies and model runs: begun, followed and fetched (provena-http 2.2, 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.client import ProvenaClient, ReportDocument
from provena_mcp.errors import (
    ArgumentError,
    DeadlineError,
    MalformedAnswerError,
    NotFoundError,
    RejectedError,
    WrongSubtypeError,
)
from provena_mcp.queries.jobs.failures import explain_failure
from provena_mcp.queries.jobs.job_wait import JobState, PollPolicy, ReportProgress, fetch_job_state, poll
from provena_mcp.rules.handles import report_uri
from provena_mcp.wire.jobs import Job

MAX_DEPTH: Final = 3

ReportSubtype = Literal["STUDY", "MODEL_RUN"]
REPORTED: Final[tuple[ReportSubtype, ...]] = ("STUDY", "MODEL_RUN")


@dataclass(frozen=True, slots=True)
class ReportId:
    """Which report: of what, and how many hops deep."""

    item_id: str
    item_subtype: ReportSubtype
    depth: int

    def uri(self, session_id: str | None) -> str:
        """Where it is read; with the session of its job nothing is made anew."""
        return report_uri(self.item_subtype, self.depth, self.item_id, session_id)


def report_subtype(text: str) -> ReportSubtype:
    """The subtype called ``text``.

    Raises:
        ArgumentError: There are no reports of such items.
    """
    for known in REPORTED:
        if known == text.upper():
            return known
    raise ArgumentError(
        f"There is no report on items of subtype {text[:40]!r}.",
        parameter="item_subtype",
        advice=f"Use {' or '.join(REPORTED)}.",
    )


async def subtype_of(
    client: ProvenaClient, item_id: str, stated: ReportSubtype | None = None
) -> ReportSubtype:
    """What an item that is to be reported on is, whatever the caller stated it to be.

    Raises:
        NotFoundError: No item has this id.
        WrongSubtypeError: There are no reports of such items, or it is another than stated.
    """
    item = await client.registry.fetch(item_id)
    if not item.is_seed and stated in (None, item.item_subtype):
        for known in REPORTED:
            if known == item.item_subtype:
                return known
    kind = "only a reserved id" if item.is_seed else f"of subtype {item.item_subtype}"
    if not item.is_seed and item.item_subtype in REPORTED:
        raise WrongSubtypeError(
            f"{item_id!r} is {kind}, not {stated}.", advice="Leave item_subtype out, or give the right one."
        )
    raise WrongSubtypeError(
        f"{item_id!r} is {kind}; there are reports on studies and model runs.",
        advice="explore_upstream finds the run behind an item, fetch_items the study of a run.",
    )


async def follow_report(
    client: ProvenaClient, session_id: str, polling: PollPolicy, on_progress: ReportProgress
) -> JobState:
    """How far a report's job has come, at its end or when patience is out."""
    return await poll(
        lambda: fetch_job_state(client.jobs, session_id, "GENERATE_REPORT"),
        polling,
        polling.deadline(),
        on_progress,
    )


async def fetch_written(client: ProvenaClient, job: Job) -> bytes:
    """The .docx file of a finished report job.

    Raises:
        NotFoundError: Its address has expired.
        MalformedAnswerError: The job names no address.
    """
    url = (job.result or {}).get("report_url")
    if not isinstance(url, str):
        raise MalformedAnswerError("The finished report job names no document.", advice="Generate it again.")
    return await client.prov.fetch_report(url)


async def read_report(
    client: ProvenaClient,
    report: ReportId,
    session_id: str | None,
    polling: PollPolicy,
    on_progress: ReportProgress,
) -> bytes:
    """The .docx file of a report: that of the job ``session_id``, else (none, or expired) made anew.

    Raises:
        RejectedError: Provena could not make it.
        DeadlineError: It is still being made.
        ProvenaError: Provena could not be asked.
    """
    if session_id is not None:
        try:
            seen = await fetch_job_state(client.jobs, session_id)
            _check_same(report, seen.job)
            return await _document(client, session_id, seen, polling, on_progress)
        except NotFoundError:
            pass  # no such job any more, or its file's address has expired
    begun = await client.prov.generate_report(report.item_id, report.item_subtype, report.depth)
    if isinstance(begun, ReportDocument):
        return begun.content
    return await _document(client, begun.session_id, JobState(), polling, on_progress)


def _check_same(report: ReportId, job: Job | None) -> None:
    payload = (job.payload if job else None) or {}
    asked = {"id": report.item_id, "item_subtype": report.item_subtype, "depth": report.depth}
    if any(payload.get(name, value) != value for name, value in asked.items()):
        raise ArgumentError("This session is not that of this report.", parameter="uri")


async def _document(
    client: ProvenaClient, session_id: str, seen: JobState, polling: PollPolicy, on_progress: ReportProgress
) -> bytes:
    if not seen.finished:
        seen = await follow_report(client, session_id, polling, on_progress)
    if not seen.finished or seen.job is None:
        raise DeadlineError(
            "The report is still being written.",
            advice=f"Ask get_job for session {session_id!r}, then read it.",
        )
    if seen.status == "failed":
        failure = explain_failure(seen.job)
        causes = f" Likely: {'; or '.join(failure.likely)}." if failure.likely else ""
        raise RejectedError(
            f"The report could not be made. {failure.reason}{causes}",
            advice="Check the item and the depth.",
            upstream=failure.provena_said,
        )
    return await fetch_written(client, seen.job)
