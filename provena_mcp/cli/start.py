"""What a process of this program that works long, or much, tells Python at its start."""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from provena_mcp.rules.large_values import collect_seldom

_SWITCH_SECONDS: Final = 0.0005


@contextmanager
def starting(*, own_process: bool) -> Generator[None]:
    """Import and build within it all that is there from the start, quickly in this program's own process.

    Whoever runs a command within a process of theirs finds Python as it was.
    """
    if not own_process:
        yield
        return
    # What is imported and built stays until the end: searching it for garbage is a tenth of the
    # start, and as much work again in every full collection of a server that runs for days.
    gc.disable()
    try:
        _let_imports_fail_at_once("sniffio")
        _load_httpx()
        yield
    finally:
        collect_seldom()
        gc.enable()
    # While one thread works out a large answer, each step of a small one, some thirty from the line that
    # asks to the line that answers, waits until Python takes the turn away: 5 ms each, unless told otherwise.
    sys.setswitchinterval(_SWITCH_SECONDS)


def _load_httpx() -> None:
    """Load ``httpx`` without its own command line, which takes twice as long as all the rest of it.

    It leaves that out where pygments cannot be imported; whatever wants pygments later finds it.
    """
    if "pygments" in sys.modules:
        return
    _refuse_to_import("pygments")
    try:
        import_module("httpx")
    finally:
        del sys.modules["pygments"]


def _let_imports_fail_at_once(package: str) -> None:
    """Tell Python that a package is not there, if it is not: only the server's own process is told.

    ``httpcore`` tries to import one nine times a request, to learn which event loop runs, and each time
    Python looks through all folders it has: a quarter of what a small request costs.
    """
    if package not in sys.modules and find_spec(package) is None:
        _refuse_to_import(package)


def _refuse_to_import(package: str) -> None:
    sys.modules[package] = None  # pyright: ignore[reportArgumentType]  the import system's word for it
