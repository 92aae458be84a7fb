"""A change on its way from a tool's arguments to Provena, in three verbs: prepare, send, result.

And what it needs on that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from provena_mcp.client import AccessLevel, ProvenaClient
from provena_mcp.commands.confirmation.write_store import PreviewStore, Submissions
from provena_mcp.commands.results import WriteResult
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.job_wait import JobState, PollPolicy, ReportProgress
from provena_mcp.rules.records.problems import Problem
from provena_mcp.wire.items import JsonObject

PayloadT = TypeVar("PayloadT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=WriteResult)

Consent = Literal["given", "declined", "cancelled"]
# Whether the user can be asked by this client, cannot be, or is never asked about such a change.
Asking = Literal["possible", "impossible", "never"]


@dataclass(frozen=True)
class WriteContext:
    """Reads as one caller, remembers what was previewed and what was sent.

    Attributes:
        now: Gives Unix seconds.
        longest_call: Seconds after which no call can still be sending.
        via: The program that acts for the caller, where runs are to name it.
    """

    reader: Reader
    previews: PreviewStore
    submissions: Submissions
    now: Callable[[], float]
    longest_call: float
    via: str | None = None

    @property
    def client(self) -> ProvenaClient:
        """The Provena that is written to."""
        return self.reader.client

    @property
    def caller(self) -> str:
        """Whose previews these are."""
        return self.reader.caller


@dataclass(frozen=True)
class Preview(Generic[PayloadT, ResultT]):
    """A change as far as it is understood; nothing has been sent.

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
    """A kind of change: what a writing tool does."""

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
        """The change that ``arguments`` ask for; nothing is sent."""
        ...

    async def send(self, context: WriteContext, payload: PayloadT) -> JsonObject:
        """Send it; the answer has the ``session_id`` and the subtype, ``job``, of the job that was queued."""
        ...

    async def result(self, context: WriteContext, sent: Sent) -> ResultT:
        """What came of it, as far as its job has come."""
        ...


@dataclass(frozen=True)
class Confirmation:
    """How a call confirms: by ``reference``, by asking the user, or not at all; and how it waits."""

    reference: str | None
    confirm: bool
    asking: Asking
    wait: bool
    polling: PollPolicy
    on_progress: ReportProgress


_WRITING_ROLES: Final = frozenset({"metadata-write", "admin"})


async def doubts_about_changing(
    context: WriteContext, run_id: str
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """A problem if the run is locked; a warning if the caller seems not to be allowed to change it.

    Whoever administers the registry may do more than the roles on the item say, hence only a warning.
    """
    try:
        found = await context.client.registry.fetch_typed("MODEL_RUN", run_id)
    except ProvenaError as error:
        return (), (f"Whether you may change the run could not be looked up: {error.message}",)
    if found.locked:
        message = f"Run {run_id!r} is locked: its owner has to unlock it first."
        return (Problem("model_run_id", message, "", value=run_id),), ()
    if not _WRITING_ROLES.intersection(found.roles):
        return (), ("You seem not to be allowed to change this run, so Provena may refuse it.",)
    return (), ()
