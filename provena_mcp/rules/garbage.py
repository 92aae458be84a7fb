"""Holds the collector back where large values are made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator
from contextlib import contextmanager


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
