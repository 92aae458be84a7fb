"""Holds the collector back where large values are made."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Generator[None]:
    """Collect no garbage meanwhile; for stretches of milliseconds that await nothing.

    A lineage of 10,000 items is 70,000 new objects, which set off full collections that find nothing and
    double the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_seldom() -> None:
    """Look for garbage among what is made from now on, and a tenth as often as Python does.

    What is there stays until the end. A large lineage, or a page of items, is tens of thousands of objects
    that live for one answer; by default garbage would be searched for hundreds of times while it is made.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
