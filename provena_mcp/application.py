"""What every tool, resource and prompt gets: the client, who is calling, what is remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient
    from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
    from provena_mcp.commands.confirmation.write_context import WriteContext
    from provena_mcp.queries.documents.documents import Documents, RecentReports
    from provena_mcp.queries.documents.recent import RecentDocuments
    from provena_mcp.queries.documents.user_files import InputFolders, OutputFolder
    from provena_mcp.queries.health import WhichProvena
    from provena_mcp.queries.items.fetch import Reader
    from provena_mcp.queries.items.names import Names
    from provena_mcp.queries.items.recent_items import RecentItems
    from provena_mcp.queries.items.suggestions import Suggestions
    from provena_mcp.queries.jobs.job_wait import PollPolicy
    from provena_mcp.queries.lineage.frontier import DepthCap
    from provena_mcp.queries.lineage.lineage_page import RecentLineage

LOCAL_CALLER = "local"


class Downloads(Protocol):
    """Gives documents addresses that a person can open."""

    async def offer(self, name: str, mime_type: str, content: bytes) -> str:
        """An address of ``content`` that works once, for a while."""
        ...


def local_caller() -> str:
    """The one user of a server on their own machine."""
    return LOCAL_CALLER


@dataclass(frozen=True)
class Application:
    """Built once, in the server's lifespan; holds nothing of one user that another could see.

    What only a call needs is imported by the first: a host waits for the start.
    """

    client: ProvenaClient
    recent_lineage: RecentLineage
    which: Callable[[], WhichProvena]
    now: Callable[[], float]
    max_result_tokens: int
    output: OutputFolder | None
    input: InputFolders
    recent_reports: RecentReports
    recent_documents: RecentDocuments
    key_values: KeyValueStore
    longest_call: float
    polling: PollPolicy
    caller: Callable[[], str]
    downloads: Downloads | None

    @cached_property
    def names(self) -> Names:
        """Display names that were read lately."""
        from provena_mcp.queries.items.names import Names

        return Names(self.client.registry, clock=time.monotonic)

    @cached_property
    def recent_items(self) -> RecentItems:
        """Items that changes were prepared with lately."""
        from provena_mcp.queries.items.recent_items import RecentItems

        return RecentItems(clock=self.now)

    @cached_property
    def depth_cap(self) -> DepthCap:
        """What is known of the deployment's depth limit."""
        from provena_mcp.queries.lineage.frontier import DepthCap

        return DepthCap()

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
        from provena_mcp.queries.items.fetch import Reader

        return Reader(self.client, self.names, self.caller(), self.recent_items)

    def write_context(self) -> WriteContext:
        """Writes as the current caller."""
        from provena_mcp.commands.confirmation.duplicate_check import Submissions
        from provena_mcp.commands.confirmation.preview_store import PreviewStore
        from provena_mcp.commands.confirmation.write_context import WriteContext

        previews, submissions = PreviewStore(self.key_values), Submissions(self.key_values)
        return WriteContext(self.reader(), previews, submissions, self.now, self.longest_call)

    def documents(self) -> Documents:
        """Renders documents for the current caller."""
        from provena_mcp.queries.documents.documents import Documents

        return Documents(self.reader(), self.depth_cap, self.recent_reports, self.polling, self.now)
