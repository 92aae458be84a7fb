"""What a change is on its way from arguments to Provena."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from provena_mcp.commands.confirmation.preview_store import Kept
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.results import WriteResult
from provena_mcp.queries.jobs.polling import JobState, PollPolicy, ReportProgress
from provena_mcp.wire.items import JsonObject

ResultT = TypeVar("ResultT", bound=WriteResult)

Consent = Literal["given", "declined", "cancelled", "not_needed", "cannot_ask"]


@dataclass(frozen=True)
class Proposal(Generic[ResultT]):
    """A change as far as it is understood.

    Attributes:
        content: What it was prepared from, to prepare it again.
        preview: What the user is shown.
        question: The preview as a text for a person.
        digest: Of all it depends on.
        send: Sends it and gives what Provena answered, with the ``session_id`` of the job that it queued, if
            any; none while it is not ready.
        prints: Fingerprints of the records it registers.
        kept: The reference under which it was previewed.
        changed: Whether it is no longer what was previewed under that reference.
        converted: The reference to converted records it was made from.
    """

    content: JsonObject
    preview: ResultT
    question: str = ""
    digest: str = ""
    send: Callable[[], Awaitable[JsonObject]] | None = None
    prints: tuple[str, ...] = ()
    kept: Kept | None = None
    changed: bool = False
    converted: Kept | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it can be sent as it is."""
        return self.send is not None


@dataclass(frozen=True)
class AlreadySent:
    """A reference whose change has been sent."""

    kept: Kept


class Command(Protocol[ResultT]):
    """A kind of change."""

    @property
    def kind(self) -> str:
        """The tool's name, for which references are made."""
        ...

    @property
    def accepts(self) -> tuple[str, ...]:
        """The kinds of reference it takes, its own included."""
        ...

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[ResultT]:
        """The change that ``content`` asks for; nothing is sent."""
        ...

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> ResultT:
        """What to tell once Provena has given its ``answer``, as far as its job has come."""
        ...


@dataclass(frozen=True)
class Order:
    """How to decide: the caller's ``confirm``, the user's ``consent``, and whether and how to wait."""

    confirm: bool
    consent: Consent
    wait: bool
    polling: PollPolicy
    deadline: float
    on_progress: ReportProgress
