"""The longest a call may take, whatever it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from provena_mcp.errors import AmbiguousWriteError, DeadlineError, ProvenaError
from provena_mcp.server.messages import COSTLY, failed, name_in


@dataclass(frozen=True)
class Deadline:
    """Ends calls that take too long; what is being written is finished first."""

    seconds: float
    writing: frozenset[str]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """The call's result, or that there is none in time."""
        if ctx.method not in COSTLY:
            return await call_next(ctx)
        # anyio's own, which leaves a shielded write alone.
        with anyio.move_on_after(self.seconds):
            return await call_next(ctx)
        return failed(ctx, self._too_late(name_in(ctx)))

    def _too_late(self, name: str) -> ProvenaError:
        if name in self.writing:
            return AmbiguousWriteError(
                f"{name} did not end within {self.seconds:g} s; what it was to write may have been sent.",
                advice="Repeat it with the same reference, which sends nothing twice, or see list_jobs.",
            )
        return DeadlineError(
            f"There was no answer within {self.seconds:g} s.",
            advice="Ask for less: a smaller depth or a smaller page; get_health_check shows what is slow.",
        )
