"""The context of every tool, resource and prompt: the client, the caller, and what earlier calls cached."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient
    from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
    from provena_mcp.commands.confirmation.write_store import WriteContext
    from provena_mcp.queries.documents.documents import Documents, RecentReports
    from provena_mcp.queries.documents.recent import RecentDocuments
    from provena_mcp.queries.documents.user_files import InputFolders, OutputFolder
    from provena_mcp.queries.items.names import Names
    from provena_mcp.queries.items.reader import Reader, RecentItems
    from provena_mcp.queries.items.suggestions import Suggestions
    from provena_mcp.queries.jobs.job_wait import PollPolicy
    from provena_mcp.queries.jobs.registry_check import Proofs
    from provena_mcp.queries.lineage.frontier import DepthCap
    from provena_mcp.queries.lineage.lineage_page import RecentLineage
    from provena_mcp.queries.recording.recordings import Recordings
    from provena_mcp.queries.which_provena import WhichProvena
    from provena_mcp.rules.items.events import Gone

LOCAL_CALLER = "local"

MIRROR_DEPTH_CAP: Final = 1_000
"""The most hops of one lineage query to a mirror: more than anybody asks for."""


_ASKED: Final[ContextVar[bool]] = ContextVar("asks_deployment", default=False)


def asks_deployment() -> bool:
    """Whether the call under way, or the task that it started, asks the deployment itself.

    A mirror could answer it too, where there is one.
    """
    return _ASKED.get()


@contextmanager
def asking_deployment(asked: bool = True) -> Generator[None]:
    """Within the block, ask the deployment itself if ``asked``, else its mirror where there is one."""
    before = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(before)


class Downloads(Protocol):
    """Gives documents addresses that a person can open."""

    async def offer(self, name: str, mime_type: str, content: bytes) -> str:
        """An address of ``content`` that works once, for a while."""
        ...


class MirrorStanding(Protocol):
    """What is known of the mirror that answers in place of its deployment."""

    async def check(self) -> None:
        """Return when it may answer.

        Raises:
            StoreError: It cannot be read, is not complete, or holds what somebody else may read.
        """
        ...

    def age(self) -> str:
        """How old what it answers is."""
        ...

    def version(self) -> int:
        """Another value whenever it holds something else."""
        ...

    def gone_since(self, since: float) -> Sequence[Gone]:
        """What was noticed since then (Unix seconds) to be gone from the deployment."""
        ...


class Remembered:
    """What earlier calls have learned of one Provena."""

    def __init__(self, client: ProvenaClient, *, depth_cap: int | None = None) -> None:
        """Know nothing yet, but for the most hops of one query where ``depth_cap`` is given."""
        from provena_mcp.queries.cache import BoundedCache
        from provena_mcp.queries.items.names import Names
        from provena_mcp.queries.lineage.frontier import DepthCap
        from provena_mcp.queries.lineage.lineage_page import MOST_KEPT, size_of

        self.names = Names(client.registry, clock=time.monotonic)
        self.lineage: RecentLineage = BoundedCache(
            entries=8, seconds=120.0, clock=time.monotonic, weigh=size_of, most_weight=MOST_KEPT
        )
        self.depth_cap = DepthCap()
        if depth_cap is not None:
            self.depth_cap.learn(depth_cap)


class _RememberedOfMirror:
    """The same of a mirror, forgotten as soon as that holds something else."""

    def __init__(self, client: ProvenaClient) -> None:
        self._client = client
        self._version = -1
        self._remembered: Remembered | None = None

    def at(self, version: int) -> Remembered:
        """What was learned since the mirror has this version."""
        if self._remembered is None or version != self._version:
            self._version = version
            self._remembered = Remembered(self._client, depth_cap=MIRROR_DEPTH_CAP)
        return self._remembered


def local_caller() -> str:
    """The one user of a server on their own machine."""
    return LOCAL_CALLER


@dataclass(frozen=True)
class Application:
    """Built once, in the server's lifespan; holds nothing of one user that another could see.

    What only a call needs is imported by the first: a host waits for the start.
    """

    client_on_demand: Callable[[], ProvenaClient]
    mirror: MirrorStanding | None
    which: Callable[[], WhichProvena]
    now: Callable[[], float]
    max_result_tokens: int
    output: OutputFolder | None
    input: InputFolders
    recordings: Recordings | None
    recent_reports: RecentReports
    recent_documents: RecentDocuments
    key_values: KeyValueStore
    longest_call: float
    polling: PollPolicy
    caller: Callable[[], str]
    downloads: Downloads | None
    annotates_via: bool

    @property
    def client(self) -> ProvenaClient:
        """Asks Provena."""
        return self.client_on_demand()

    @property
    def names(self) -> Names:
        """Display names that were read lately."""
        return self._remembered.names

    @property
    def depth_cap(self) -> DepthCap:
        """What is known of the depth limit of whoever answers."""
        return self._remembered.depth_cap

    @property
    def recent_lineage(self) -> RecentLineage:
        """Lineages that were gathered lately."""
        return self._remembered.lineage

    def noticed_gone(self, since: float) -> Sequence[Gone]:
        """What the mirror that answers has noticed since then (Unix seconds) to be gone; else nothing."""
        return () if self.mirror is None or asks_deployment() else self.mirror.gone_since(since)

    @property
    def _remembered(self) -> Remembered:
        if self.mirror is None or asks_deployment():
            return self._of_deployment
        return self._of_mirror.at(self.mirror.version())

    @cached_property
    def recent_items(self) -> RecentItems:
        """Items that changes were prepared with lately."""
        from provena_mcp.queries.items.reader import RecentItems

        return RecentItems(clock=self.now)

    @cached_property
    def proofs(self) -> Proofs:
        """Which runs jobs were proven to have made."""
        from provena_mcp.queries.jobs.registry_check import Proofs

        return Proofs(self.polling)

    @cached_property
    def _of_deployment(self) -> Remembered:
        return Remembered(self.client)

    @cached_property
    def _of_mirror(self) -> _RememberedOfMirror:
        return _RememberedOfMirror(self.client)

    @cached_property
    def suggestions(self) -> Suggestions:
        """What completes arguments."""
        from provena_mcp.queries.items.suggestions import Suggestions

        return Suggestions(clock=self.polling.clock, sleep=self.polling.sleep)

    def why_empty(self) -> str | None:
        """How to fill this Provena, if it holds nothing at all."""
        which = self.which()
        return f"This Provena is empty. {which.advice}" if which.items == 0 else None

    def reader(self) -> Reader:
        """Reads as the current caller."""
        from provena_mcp.queries.items.reader import Reader

        return Reader(self.client, self.names, self.caller(), self.recent_items)

    def write_context(self, via: str | None = None) -> WriteContext:
        """Writes as the current caller; ``via`` is the program that runs are to name, if any."""
        from provena_mcp.commands.confirmation.write_store import PreviewStore, Submissions, WriteContext

        previews, submissions = PreviewStore(self.key_values), Submissions(self.key_values)
        return WriteContext(
            self.reader(), previews, submissions, self.proofs, self.now, self.longest_call, via
        )

    def documents(self) -> Documents:
        """Renders documents for the current caller."""
        from provena_mcp.queries.documents.documents import Documents

        return Documents(self.reader(), self.depth_cap, self.recent_reports, self.polling, self.now)
