"""Runs a command as if nobody looked: its streams, its signals and its end are its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

from provena_mcp.errors import FileRefusedError

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
_PASSED_ON: Final = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH")
# A terminal sends these to all processes in its foreground, the command's included.
_FROM_TERMINALS: Final = ("SIGINT", "SIGQUIT", "SIGWINCH")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: ``code`` as its parent gets it, negative for the signal that killed it."""

    process: int
    code: int

    @property
    def signal_name(self) -> str | None:
        """The signal it was killed by."""
        if self.code >= 0:
            return None
        names = {item.value: item.name for item in signal.Signals}
        return names.get(-self.code, f"signal {-self.code}")


class NotRunnableError(FileRefusedError):
    """The command is not there or may not be run; ``code`` is what shells exit with then."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message, advice="Check its name and the path; nothing was run and nothing captured.")
        self.code = code


def require_runnable(command: Sequence[str], folder: str) -> None:
    """Make sure that ``command`` can be run in ``folder``.

    Raises:
        NotRunnableError: There is none, or it may not be executed.
    """
    program = os.path.join(folder, command[0]) if os.sep in command[0] else command[0]
    if shutil.which(program) is not None:
        return
    if os.sep in program and os.path.exists(program):
        raise NotRunnableError(f"{command[0]!r} may not be executed.", NOT_EXECUTABLE)
    raise NotRunnableError(f"There is no command {command[0]!r}.", NOT_FOUND)


def run_untouched(command: Sequence[str], folder: str, environment: Mapping[str, str]) -> Ended:
    """Run ``command`` in ``folder`` to its end, with our streams; signals that reach us are passed on."""
    pending: list[int] = []
    child: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if child:
            _send(child[0], number)
        else:
            pending.append(number)

    with _handling(pass_on):
        process = subprocess.Popen(list(command), cwd=folder, env=dict(environment))
        child.append(process)
        for number in pending:
            _send(process, number)
        code = process.wait()
    return Ended(process.pid, code)


def leave_like(ended: Ended) -> None:
    """End this process as the command ended: with its exit code, or by its signal."""
    sys.stdout.flush()
    sys.stderr.flush()
    if ended.code >= 0 or sys.platform == "win32":
        sys.exit(ended.code)
    import resource

    # The command's own core is enough.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    number = -ended.code
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # Only what ignores by default gets here.
    sys.exit(128 + number)


def _send(process: subprocess.Popen[bytes], number: int) -> None:
    name = signal.Signals(number).name
    if name in _FROM_TERMINALS and _is_in_foreground():
        return
    process.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether the terminal sends what is typed to this process's group, and so to the command as well."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:  # the terminal, no file
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


# typeshed has no public name for what ``signal.signal`` takes and gives.
@contextmanager
def _handling(handler: signal._HANDLER) -> Generator[None]:  # pyright: ignore[reportPrivateUsage]
    """Handle all signals that are to be passed on; those ignored stay so, for the command as well."""
    before: dict[int, signal._HANDLER] = {}  # pyright: ignore[reportPrivateUsage]
    for name in _PASSED_ON:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)
