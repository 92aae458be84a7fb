"""The work of reading large answers, which keeps others waiting and takes many times their size."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from provena_mcp.client.http.limits import DEFAULT_LIMITS

Made = TypeVar("Made")


class LargeWork:
    """Does one piece of work after another, in a thread, in the order they come, whoever asks.

    A piece is computing alone and waits for nothing. Whoever waits for theirs has read their answer, so that
    no request is under way for it; the wait is part of the call's time, and who goes away is passed over.
    """

    def __init__(self, large_bytes: int = DEFAULT_LIMITS.large_bytes) -> None:
        """Call answers large that have more than ``large_bytes``."""
        self._large_bytes = large_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large work")

    def is_large(self, body: bytes) -> bool:
        """Whether reading ``body`` is such work."""
        return len(body) > self._large_bytes

    async def do(self, work: Callable[[], Made]) -> Made:
        """What ``work`` makes."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
