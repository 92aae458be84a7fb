"""The vocabulary of every tool that writes: ``Change``, and what goes in and out of its three steps.

A change is *prepared* into a ``Preview``, *sent*, and turned into a *result*. What it works with, a
``WriteContext``, is in ``write_store``; what every writing tool answers is in ``write_result``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.write_result import WriteResult
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.queries.jobs.job_wait import JobState, PollPolicy, ReportProgress
from provena_mcp.wire.items import JsonObject

PayloadT = TypeVar("PayloadT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=WriteResult)

Consent = Literal["given", "declined", "cancelled"]
# Whether the user can be asked by this client, cannot be, or is never asked about such a change.
Asking = Literal["possible", "impossible", "never"]


@dataclass(frozen=True)
class Preview(Generic[PayloadT, ResultT]):
    """A change as it would be sent, with everything that is wrong or missing; nothing has been sent yet.

    Attributes:
        shown: What the user is shown.
        question: The same as a text for a person.
        digest: Of all that the change depends on.
        payload: What is to be sent; none while something is missing or wrong.
        fingerprints: Of the records that it registers.
        facts: Digests of the items that were looked up for it, by id.
    """

    shown: ResultT
    question: str = ""
    digest: str = ""
    payload: PayloadT | None = None
    fingerprints: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Sent:
    """A change that has been sent: its arguments, Provena's answer, and how far its job has come."""

    arguments: JsonObject
    answer: JsonObject
    job: JobState = field(default_factory=JobState)


class Change(Protocol[PayloadT, ResultT]):
    """One kind of change, such as registering a run; each tool that writes has one."""

    @property
    def tool(self) -> str:
        """The tool's name, for which references are made."""
        ...

    @property
    def access(self) -> AccessLevel:
        """The level of access that Provena asks for it."""
        ...

    @property
    def payload_type(self) -> type[PayloadT]:
        """What is sent, as it is stored while the user is asked."""
        ...

    @property
    def result_type(self) -> type[ResultT]:
        """What the tool answers."""
        ...

    async def prepare(self, context: WriteContext, arguments: JsonObject) -> Preview[PayloadT, ResultT]:
        """Check ``arguments`` and describe the change they ask for, without sending anything."""
        ...

    async def send(self, context: WriteContext, payload: PayloadT) -> JsonObject:
        """Send it; the answer has the ``session_id`` and the subtype, ``job``, of the job that was queued.

        And what that is ``about``: by key of its payload, an id or the fingerprint of a record.
        """
        ...

    async def result(self, context: WriteContext, sent: Sent) -> ResultT:
        """The tool's answer, once the change was sent and its job has come this far."""
        ...


@dataclass(frozen=True)
class Confirmation:
    """How a call confirms: by ``reference``, by asking the user, or not at all; and whether it waits."""

    reference: str | None
    confirm: bool
    asking: Asking
    wait: bool
    polling: PollPolicy
    on_progress: ReportProgress
