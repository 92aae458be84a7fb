"""What a job of each subtype does, and how its failure is reported (provena-http 6.4)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from pydantic import BaseModel

from provena_mcp.embedded.jobs.rows import JobOutcome, JobRow, NewJob, submit

LODGING_FAILED: Final = "Job failed, err: An error occurred while lodging the provenance record. Error: .."
"""In the services the cause is lost on its way out of the worker (provena-http B17)."""


class JobFailedError(Exception):
    """A job cannot do what it was asked to; nothing of what it has begun stays."""

    def __init__(self, info: str) -> None:
        """Hold the ``info`` that the job ends with."""
        super().__init__(info)
        self.info = info


@dataclass(frozen=True, slots=True)
class JobWork:
    """A job to do, inside the transaction that also writes how it ended."""

    connection: sqlite3.Connection
    job: JobRow
    now: int
    new_id: Callable[[], str]

    @property
    def username(self) -> str:
        """Whose job it is."""
        return self.job.username

    def submit(self, *jobs: NewJob) -> None:
        """Queue further jobs of the same user."""
        submit(self.connection, jobs, self.job.submitter, self.now)


Perform = Callable[[JobWork], JobOutcome]


@dataclass(frozen=True, slots=True)
class Task:
    """The work of one subtype, and the form of its payload."""

    perform: Perform
    payload: type[BaseModel]


class NoPayload(BaseModel):
    """The payload of a job that needs none."""


def succeed(work: JobWork) -> JobOutcome:
    """A job that is done by being done."""
    del work
    return JobOutcome({})


def fail(info: str) -> NoReturn:
    """End the job as failed.

    Raises:
        JobFailedError: Always.
    """
    raise JobFailedError(info)
