"""Whether the program that started this process still runs, on Linux, macOS and Windows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psutil import Process

_OUT_OF_SIGHT: Final = 0
# They wait for what they started, and outlive whoever started them.
_LAUNCHERS: Final = frozenset({"uv", "uvx", "pipx"})


def watch_parent(
    parent: int, *, parent_now: Callable[[], int] = os.getppid, orphans_are_adopted: bool = os.name == "posix"
) -> Callable[[], bool]:
    """A question that is answered with whether the host of this process is still there.

    The host is the parent, or the parent's parent where the parent only launches: ``uvx``, or what
    Windows puts before a script and before the Python of a virtual environment.

    Args:
        parent: The number of the process that started this one, as it was at the start. 0 where the host
            is outside of what this process may see, as that of a container's first process: then only
            the end of its input tells that it has gone.
        parent_now: The number of this process's parent.
        orphans_are_adopted: Whether the system gives a process whose parent has ended another one, so that
            the number alone tells, also of a parent that may not be looked at. Windows does not.
    """
    if parent == _OUT_OF_SIGHT:
        return lambda: True
    # Loaded when there is time: a host waits for the first answer.
    import psutil

    found = _up_to_the_host()
    watched = found if found and found[0].pid == parent else []

    def lives() -> bool:
        if parent_now() != parent or not (watched or orphans_are_adopted):
            return False
        try:
            return all(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in watched)
        except psutil.NoSuchProcess:
            return False

    return lives


def _up_to_the_host() -> list[Process]:
    import psutil

    found: list[Process] = []
    try:
        process = psutil.Process()
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
