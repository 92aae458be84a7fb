"""A lock between processes, held on a file and let go by the system when its holder dies.

The package ``filelock`` is no substitute: where there is no ``flock`` its locks outlive their holder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from provena_mcp.errors import FileRefusedError

_PAUSE_SECONDS: Final = 0.05
_LONGEST_WAIT_SECONDS: Final = 60.0

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Take the lock on an open file, unless another has it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Let go of the lock on an open file."""
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def lock(descriptor: int) -> None:
        """Take the lock on an open file, once it is free."""
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def is_locked(descriptor: int) -> bool:
        """Whether another has the lock on an open file."""
        if not try_lock(descriptor):
            return True
        unlock(descriptor)
        return False

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock on an open file, unless another has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Let go of the lock on an open file, for children that were forked meanwhile too."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def lock(descriptor: int) -> None:
        """Take the lock on an open file, once it is free."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def is_locked(descriptor: int) -> bool:
        """Whether another has the lock on an open file; any number may look at once."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        unlock(descriptor)
        return False


@asynccontextmanager
async def locked(path: Path, sleep: Callable[[float], Awaitable[None]]) -> AsyncGenerator[None]:
    """Hold the lock on ``path``, which is made where it is missing and stays; whoever waits does not block.

    Raises:
        FileRefusedError: The file cannot be made, or another process has held it for a minute.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FileRefusedError(
            f"{str(path)!r} cannot be made: {error.strerror}.", advice="Make its folder writable for you."
        ) from error
    try:
        for _ in range(int(_LONGEST_WAIT_SECONDS / _PAUSE_SECONDS)):
            if try_lock(descriptor):
                break
            await sleep(_PAUSE_SECONDS)
        else:
            raise FileRefusedError(
                f"Another process has held {str(path)!r} for a minute.",
                advice="End other provena-mcp processes, then try again.",
            )
        yield
    finally:
        os.close(descriptor)
