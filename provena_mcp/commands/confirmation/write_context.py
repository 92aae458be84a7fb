"""What a write needs beside its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from provena_mcp.client import ProvenaClient
from provena_mcp.commands.confirmation.duplicate_check import Submissions
from provena_mcp.commands.confirmation.preview_store import References
from provena_mcp.queries.items.fetch import Reader


@dataclass(frozen=True)
class Desk:
    """Reads as one caller, keeps what was previewed and what was sent; ``now`` gives Unix seconds."""

    reader: Reader
    references: References
    submissions: Submissions
    now: Callable[[], float]

    @property
    def client(self) -> ProvenaClient:
        """The Provena that is written to."""
        return self.reader.client

    @property
    def caller(self) -> str:
        """Whose references these are."""
        return self.reader.caller
