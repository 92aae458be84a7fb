"""What large values ask of Python: no locks, no place in memos, a collector held back, their own thread."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, lru_cache, wraps
from typing import Self, TypeVar, overload

ValueT_co = TypeVar("ValueT_co", covariant=True)
Made = TypeVar("Made")


class kept_property(cached_property[ValueT_co]):
    """``functools.cached_property`` without its lock: Python 3.11 has one for all objects of a class.

    While a thread works out a property of a large lineage, the event loop would wait for the same one of a
    small lineage. Two threads that ask one object at once may both work it out; both get the first value.
    """

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> ValueT_co: ...

    def __get__(self, instance: object, owner: type | None = None) -> Self | ValueT_co:
        """The value of an object; of its class, the property itself."""
        if instance is None:
            return self
        kept = vars(instance)
        name = self.func.__name__
        return kept[name] if name in kept else kept.setdefault(name, self.func(instance))


def remembered(most: int, longest: int) -> Callable[[Callable[[str], Made]], Callable[[str], Made]]:
    """Remembers, in the whole process, what a function makes of the latest ``most`` texts.

    What it makes has to follow from the text alone, so that it is true of every caller and never stale. Texts
    of more than ``longest`` characters are not kept, whoever sends them.
    """

    def remembering(make: Callable[[str], Made]) -> Callable[[str], Made]:
        known = lru_cache(most)(make)

        @wraps(make)
        def made(text: str) -> Made:
            return known(text) if len(text) <= longest else make(text)

        return made

    return remembering


@contextmanager
def without_collections() -> Generator[None]:
    """Collect no garbage meanwhile, in no thread; for stretches of the main thread that await nothing.

    A lineage of 10,000 items is 70,000 new objects, which set off full collections that find nothing and
    double the time. In other threads it does nothing: the collector is one for all of them, and two that
    turn it off and on again at once may leave it off for ever.
    """
    if threading.current_thread() is not threading.main_thread() or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_seldom() -> None:
    """Look for garbage only among what is made from now on, and after 50,000 new objects, not 700.

    What is there stays until the end. A large lineage, or a page of items, is tens of thousands of objects
    that live for one answer; by default garbage would be searched for hundreds of times while it is made.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


class LargeWork:
    """Does one piece of work after another, in a thread, in the order they come, whoever asks.

    A piece is computing alone and waits for nothing. Whoever waits for theirs has read their answer, so that
    no request is under way for it; the wait is part of the call's time. Who goes away takes their piece, and
    the answer with it, along; one that is under way is ended before the next begins.
    """

    def __init__(self, large_bytes: int) -> None:
        """Call answers large that have more than ``large_bytes``."""
        self._large_bytes = large_bytes
        self._thread: ThreadPoolExecutor | None = None
        # In front of the thread, whose own queue holds what is cancelled until it gets there.
        self._turn = asyncio.Lock()

    def is_large(self, body: bytes) -> bool:
        """Whether reading ``body`` is such work."""
        return len(body) > self._large_bytes

    async def do(self, work: Callable[[], Made]) -> Made:
        """What ``work`` makes."""
        await self._turn.acquire()
        try:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="large work")
            made = asyncio.get_running_loop().run_in_executor(self._thread, work)
        except BaseException:
            self._turn.release()
            raise
        made.add_done_callback(lambda _: self._turn.release())
        return await asyncio.shield(made)

    def close(self) -> None:
        """End the thread, after what is under way."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False)
