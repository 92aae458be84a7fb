"""Whether what is asked has to come from the deployment itself, where a mirror could answer too."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_ASKED: Final[ContextVar[bool]] = ContextVar("asks_deployment", default=False)


def asks_deployment() -> bool:
    """Whether the call under way, or the task that it started, asks the deployment itself."""
    return _ASKED.get()


@contextmanager
def asking_deployment(asked: bool = True) -> Generator[None]:
    """Ask the deployment itself, or whoever answers, within the block."""
    before = _ASKED.set(asked)
    try:
        yield
    finally:
        _ASKED.reset(before)
