"""What a write needs beside its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provena_mcp.client import ProvenaClient
from provena_mcp.commands.confirmation.duplicate_check import Submissions
from provena_mcp.commands.confirmation.preview_store import PreviewStore
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.records.problems import Problem


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
