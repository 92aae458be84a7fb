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
_DIGITS: Final = len(str(_LARGEST))
# All is read as bytes: what is damaged in one row then spoils the reading of no other.
_READ: Final = (
    "session_id",
    "created",
    "username",
    "batch_id",
    "subtype",
    "payload",
    "submitter",
    "status",
    "info",
    "result",
)
_COLUMNS: Final = ", ".join(("key", *(f"CAST({name} AS BLOB)" for name in _READ)))
# What a job is called by whose own name cannot be read.
_UNREADABLE: Final = "damaged-"


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
class JobOutcome:
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
    """The job with this session id, or called so because its own cannot be read."""
    found = select_jobs(connection, "session_id = ?", session_id)
    key = session_id.removeprefix(_UNREADABLE)
    if not found and key != session_id and _is_number(key.encode(errors="replace")):
        found = tuple(
            job for job in select_jobs(connection, "key = ?", int(key)) if job.session_id == session_id
        )
    return next(iter(found), None)


@dataclass(frozen=True, slots=True)
class JobRowsPage:
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
) -> JobRowsPage:
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
        # As the row has it, since that is how rows are ordered, whatever it is.
        conditions.append("(created, key) < (SELECT created, key FROM job WHERE key = ?)")
        values.append(previous.key)
    # Fixed phrases; every value is a parameter.
    where = " AND ".join(conditions)
    found = connection.execute(
        " ".join(("SELECT", _COLUMNS, "FROM job WHERE", where, "ORDER BY created DESC, key DESC LIMIT ?")),
        (*values, min(limit, _LARGEST)),
    )
    page = tuple(map(_row, found))
    return JobRowsPage(page, page[-1] if len(page) == limit else None)


def select_jobs(connection: sqlite3.Connection, condition: str, value: str | int) -> tuple[JobRow, ...]:
    """The jobs that a fixed phrase with one parameter selects."""
    found = connection.execute(" ".join(("SELECT", _COLUMNS, "FROM job WHERE", condition)), (value,))
    return tuple(map(_row, found))


def _row(columns: tuple[Any, ...]) -> JobRow:
    key, session_id, created, username, batch_id, subtype, payload, submitter, status, info, result = columns
    row = JobRow(
        key=key,
        session_id=_readable(session_id) or f"{_UNREADABLE}{key}",
        created=int(created) if _is_number(created) else 0,
        username=username.decode(errors="replace"),
        batch_id=None if batch_id is None else batch_id.decode(errors="replace"),
        subtype=subtype.decode(errors="replace"),
        payload={},
        submitter=_NOBODY,
        status=status.decode(errors="replace"),
        info=None if info is None else info.decode(errors="replace"),
        result=None,
    )
    try:
        row = replace(
            row,
            payload=JSON_OBJECT.validate_json(payload),
            submitter=Submitter.from_json(submitter),
            result=None if result is None else JSON_OBJECT.validate_json(result),
        )
        return row if _is_whole(columns) else _told_by_submitter(row)
    except ValueError as error:
        return replace(row, damage=str(error).partition("\n")[0])


def _readable(text: bytes) -> str | None:
    try:
        return text.decode() or None
    except UnicodeDecodeError:
        return None


def _is_number(text: bytes) -> bool:
    return text.isdigit() and len(text) < _DIGITS


def _is_whole(columns: tuple[Any, ...]) -> bool:
    _, session_id, created, username, batch_id, subtype, *_ = columns
    named = (session_id, username, subtype, *(() if batch_id is None else (batch_id,)))
    return _is_number(created) and all(_readable(each) is not None for each in named)


def _told_by_submitter(row: JobRow) -> JobRow:
    """A row whose columns are damaged: whose job it is, its submitter says as well."""
    return replace(
        row, username=row.submitter.user.username, damage="one of its columns holds no text, or no number"
    )
