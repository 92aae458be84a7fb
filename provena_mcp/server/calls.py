"""Calls that ask Provena: how one is refused, its deadline, and how many run, of all and of one caller."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, Tool

from provena_mcp.client.http.room import UNDER_WAY, RoomHolder
from provena_mcp.errors import AmbiguousWriteError, DeadlineError, ProvenaError, UnderWayError
from provena_mcp.next_call import naming_tools
from provena_mcp.tools.error_results import failure_result

COSTLY: Final = frozenset({"tools/call", "resources/read", "prompts/get", "completion/complete"})
"""The methods that ask Provena; the others answer from memory."""

_WAITING_PER_TURN: Final = 8
_BUSY_SECONDS: Final = 5.0
_SHOWN: Final = 200


def name_in(ctx: ServerRequestContext[Any, Any]) -> str:
    """The tool or prompt that a message names."""
    return str((ctx.params or {}).get("name", ""))


def failed(ctx: ServerRequestContext[Any, Any], error: ProvenaError) -> HandlerResult:
    """The answer to a call that failed with ``error``: for a tool call, the result that the model sees.

    Raises:
        MCPError: It was no tool call, so that only the protocol can tell.
    """
    if ctx.method == "tools/call":
        return failure_result(error, name_in(ctx))
    raise MCPError(code=INTERNAL_ERROR, message=f"{error.message} {naming_tools(error.advice)}".strip())


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
            advice="Try again, or ask for less: a smaller depth or a smaller page; get_health_check shows "
            "what is slow.",
        )


async def one_question(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """The call's result; the room that its large answers took is given back when it is there."""
    if ctx.method not in COSTLY:
        return await call_next(ctx)
    asked = RoomHolder(asyncio.get_running_loop().create_future())
    before = UNDER_WAY.set(asked)
    try:
        return await call_next(ctx)
    finally:
        UNDER_WAY.reset(before)
        asked.answered.set_result(None)


@dataclass
class ToolCalls:
    """Counts the calls of tools that are under way; of a tool that there is not, the protocol tells.

    ``names`` are the tools it was built with, and ``listed`` gives all that there are by now.
    """

    names: tuple[str, ...]
    listed: Callable[[], Awaitable[Sequence[Tool]]]
    under_way: int = 0

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """What the tool answers.

        Raises:
            MCPError: There is no such tool; the SDK would make that a result.
        """
        if ctx.method != "tools/call":
            return await call_next(ctx)
        name = name_in(ctx)
        # Whoever builds on this server may have added some since.
        if name not in self.names and name not in {tool.name for tool in await self.listed()}:
            nearest = difflib.get_close_matches(name, self.names, n=1)
            meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise MCPError(code=INVALID_PARAMS, message=f"There is no tool {name[:_SHOWN]!r}.{meant}")
        self.under_way += 1
        try:
            return await call_next(ctx)
        finally:
            self.under_way -= 1


@dataclass
class _Turns:
    """The calls of one caller that run or wait."""

    slots: asyncio.Semaphore
    present: int = field(default=0)


class CallsAtOnce:
    """Lets so many calls of one caller run at once; some more wait their turn, the rest are refused."""

    def __init__(self, *, at_once: int, caller: Callable[[], str]) -> None:
        """Bound each ``caller`` on their own, so that nobody takes the turns of others.

        What all share beneath, requests to Provena and work on large answers, is had as it is asked for.
        """
        self._at_once = at_once
        self._caller = caller
        self._turns: dict[str, _Turns] = {}

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Run the call when it is its turn."""
        if ctx.method not in COSTLY:
            return await call_next(ctx)
        key = self._caller()
        turns = self._turns.setdefault(key, _Turns(asyncio.Semaphore(self._at_once)))
        if turns.present >= self._at_once * (1 + _WAITING_PER_TURN):
            return failed(ctx, _too_many(turns.present))
        turns.present += 1
        try:
            async with turns.slots:
                return await call_next(ctx)
        finally:
            turns.present -= 1
            if turns.present == 0:
                self._turns.pop(key, None)


def _too_many(present: int) -> UnderWayError:
    return UnderWayError(
        f"{present} calls of yours are under way or waiting already.",
        advice="Wait for some of them to end before making more.",
        retry_after=_BUSY_SECONDS,
    )
