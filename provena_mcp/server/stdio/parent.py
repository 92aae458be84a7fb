"""Whether the program that started this process still runs, on Linux, macOS and Windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psutil import Process

# They wait for what they started, and outlive whoever started them.
_LAUNCHERS: Final = frozenset({"uv", "uvx", "pipx"})


def watch_parent(parent: int) -> Callable[[], bool]:
    """A question that is answered with whether the host of this process is still there.

    ``parent`` is the number of the process that started this one, as it was at the start.
    The host is the parent, or the parent's parent where the parent only launches: ``uvx``, or what
    Windows puts before a script and before the Python of a virtual environment.
    """
    # Loaded when there is time: a host waits for the first answer.
    import psutil

    watched = _up_to_the_host(psutil.Process())
    started_by = watched[0].pid if watched else None

    def lives() -> bool:
        try:
            return started_by == parent and all(
                each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in watched
            )
        except psutil.NoSuchProcess:
            return False

    return lives


def _up_to_the_host(process: Process) -> list[Process]:
    import psutil

    found: list[Process] = []
    try:
        while (parent := process.parent()) is not None:
            found.append(parent)
            if not _is_launcher(parent.cmdline(), process.cmdline()):
                break
            process = parent
    except psutil.Error:
        # Whose command line may not be read is no launcher of ours.
        pass
    return found


def _is_launcher(command: list[str], started: list[str]) -> bool:
    """Whether ``command`` is one that only runs ``started``: by name, or as it hands on its arguments."""
    if not command:
        return False
    arguments = command[1:]
    passes_on = bool(arguments) and started[-len(arguments) :] == arguments
    return passes_on or PurePath(command[0].replace("\\", "/")).stem.lower() in _LAUNCHERS
