"""Jobs as durable rows: submitting, fetching and listing them (provena-http 6)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel

from provena_mcp.embedded.identity import User
from provena_mcp.embedded.json_text import compact_json
from provena_mcp.rules.jobs import kind_of
from provena_mcp.wire.items import JSON_OBJECT, JsonObject
from provena_mcp.wire.jobs import JobSubtype

_LARGEST: Final = 2**63 - 1
# What may be damaged is read as bytes, so that one row cannot spoil the reading of others.
_COLUMNS: Final = (
    "key, session_id, created, username, batch_id, subtype, CAST(payload AS BLOB), "
    "CAST(submitter AS BLOB), status, info, CAST(result AS BLOB)"
)


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who asked for a job, with the rights they had then, and the address of the prov-api they asked.

    The services carry the same along as an encrypted part of the payload.
    """

    user: User
    address: str = ""

    def as_json(self) -> str:
        """The submitter as a row holds it; the token is not kept."""
        user = self.user
        return json.dumps(
            {"username": user.username, "email": user.email, "roles": user.roles, "address": self.address}
        )

    @classmethod
    def from_json(cls, text: bytes) -> Submitter:
        """What ``as_json`` wrote.

        Raises:
            ValueError: It is something else.
        """
        kept = _Submitter.model_validate_json(text)
        return cls(User(kept.username, kept.email, kept.roles), kept.address)


class _Submitter(BaseModel):
    username: str
    email: str | None
    roles: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to submit."""

    session_id: str
    subtype: JobSubtype
    payload: JsonObject
    batch_id: str | None = None


_NOBODY: Final = Submitter(User(""))


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it is kept; ``damage`` says why some of it cannot be read, and is answered as empty."""

    key: int
    session_id: str
    created: int
    username: str
    batch_id: str | None
    subtype: JobSubtype
    payload: JsonObject
    submitter: Submitter
    status: str
    info: str | None
    result: JsonObject | None
    damage: str | None = None

    def as_json(self) -> JsonObject:
        """The job as job-api answers it."""
        return {
            "session_id": self.session_id,
            "created_timestamp": self.created,
            "username": self.username,
            "batch_id": self.batch_id,
            "payload": self.payload,
            "job_type": kind.type if (kind := kind_of(self.subtype)) else "REGISTRY",
            "job_sub_type": self.subtype,
            "gsi_status": "ok",
            "status": self.status,
            "info": self.info,
            "result": self.result,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: with a result, or failed, which its info explains."""

    result: JsonObject | None = None
    info: str | None = None

    @property
    def status(self) -> str:
        """The last status of the job."""
        return "FAILED" if self.result is None else "SUCCEEDED"


def submit(connection: sqlite3.Connection, jobs: Iterable[NewJob], submitter: Submitter, now: int) -> None:
    """Put jobs at the end of the queue, in order."""
    whom = submitter.as_json()
    connection.executemany(
        """INSERT INTO job (session_id, created, username, batch_id, subtype, payload, submitter, status,
            lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, 'PENDING', 0)""",
        (
            (
                job.session_id,
                now,
                submitter.user.username,
                job.batch_id,
                job.subtype,
                compact_json(job.payload),
                whom,
            )
            for job in jobs
        ),
    )


def fetch_job(connection: sqlite3.Connection, session_id: str) -> JobRow | None:
    """The job with this session id."""
    return next(iter(select_jobs(connection, "session_id = ?", session_id)), None)


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first, and the last of them if more may follow."""

    jobs: tuple[JobRow, ...]
    last: JobRow | None


def list_jobs(
    connection: sqlite3.Connection,
    *,
    username: str | None = None,
    batch_id: str | None = None,
    after: str | None = None,
    limit: int = 10,
) -> JobPage:
    """At most ``limit`` jobs of a user, of a batch, of both or of anyone, after the job of this session id.

    As in the services, a page that is exactly full may be the last.

    Raises:
        ValueError: There is no job to go on after, or the limit is not positive.
    """
    if limit < 1:
        message = f"the limit must be at least 1, not {limit}"
        raise ValueError(message)
    conditions = ["TRUE"]
    values: list[str | int] = []
    for column, value in (("username", username), ("batch_id", batch_id)):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    if after is not None:
        previous = fetch_job(connection, after)
        if previous is None:
            message = f"the provided starting key is invalid: there is no job {after}"
            raise ValueError(message)
        conditions.append("(created, key) < (?, ?)")
        values += [previous.created, previous.key]
    # Fixed phrases; every value is a parameter.
    where = " AND ".join(conditions)
    found = connection.execute(
        " ".join(("SELECT", _COLUMNS, "FROM job WHERE", where, "ORDER BY created DESC, key DESC LIMIT ?")),
        (*values, min(limit, _LARGEST)),
    )
    page = tuple(map(_row, found))
    return JobPage(page, page[-1] if len(page) == limit else None)


def select_jobs(connection: sqlite3.Connection, condition: str, value: str) -> tuple[JobRow, ...]:
    """The jobs that a fixed phrase with one parameter selects."""
    found = connection.execute(" ".join(("SELECT", _COLUMNS, "FROM job WHERE", condition)), (value,))
    return tuple(map(_row, found))


def _row(columns: tuple[Any, ...]) -> JobRow:
    key, session_id, created, username, batch_id, subtype, payload, submitter, status, info, result = columns
    row = JobRow(key, session_id, created, username, batch_id, subtype, {}, _NOBODY, status, info, None)
    try:
        return replace(
            row,
            payload=JSON_OBJECT.validate_json(payload),
            submitter=Submitter.from_json(submitter),
            result=None if result is None else JSON_OBJECT.validate_json(result),
        )
    except ValueError as error:
        return replace(row, damage=str(error).partition("\n")[0])
