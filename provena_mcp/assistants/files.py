"""Changes a file of another program atomically, and keeps the previous version beside it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import platformdirs

from provena_mcp.errors import FileRefusedError
from provena_mcp.file_lock import locked

# As often as another program may write the file while we change it.
_TRIES: Final = 5
_UNTOUCHED: Final = "Nothing was changed: add the entry by hand."


@dataclass(frozen=True, slots=True)
class FileChange:
    """What came of a change: whether the file is another now, and where its former content is."""

    changed: bool
    backup: Path | None = None


@dataclass(frozen=True)
class Files:
    """Changes files; ``clock`` gives the time that backups are named by, locks lie in ``locks``."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    locks: Path | None = None

    def read(self, path: Path) -> bytes:
        """The content; empty where there is no file.

        Raises:
            FileRefusedError: It cannot be read, or is no file.
        """
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise _refused(path, "cannot be read", error) from error

    def keep(self, path: Path) -> Path | None:
        """Copy the file to where its backups are, before another program changes it; none if there is none.

        Raises:
            FileRefusedError: It cannot be copied.
        """
        target = _followed(path)
        if not target.exists():
            return None
        try:
            return self._keep(target, self.read(target), target.stat())
        except OSError as error:
            raise _refused(path, "cannot be copied", error) from error

    async def change(self, path: Path, edit: Callable[[bytes], bytes]) -> FileChange:
        """Replace the content by what ``edit`` makes of it; where that is the same, touch nothing.

        A link is followed, permissions are kept, missing folders are made. If another program writes the
        file meanwhile, ``edit`` is asked again about what it wrote.

        Raises:
            FileRefusedError: The file may not be written, or never stays the same long enough.
        """
        target = _followed(path)
        async with locked(self._lock_of(target), self.sleep):
            for _ in range(_TRIES):
                before = self.read(target)
                after = edit(before)
                if after == before:
                    return FileChange(changed=False)
                try:
                    done, backup = self._replace(target, before, after)
                except OSError as error:
                    raise _refused(path, "cannot be written", error) from error
                if done:
                    return FileChange(changed=True, backup=backup)
        raise FileRefusedError(
            f"Another program keeps writing {str(path)!r}.", advice="Close it, then try again."
        )

    def _lock_of(self, target: Path) -> Path:
        folder = self.locks or platformdirs.user_state_path("provena-mcp") / "locks"
        return folder / f"{hashlib.sha256(os.fsencode(target)).hexdigest()[:16]}.lock"

    def _replace(self, target: Path, before: bytes, after: bytes) -> tuple[bool, Path | None]:
        """Put ``after`` in place of ``before``; false if that is not there any more."""
        status = target.stat() if target.exists() else None
        if status is None:
            target.parent.mkdir(parents=True, exist_ok=True)
        elif not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(
            target, os.W_OK
        ):
            raise FileRefusedError(f"{str(target)!r} is read-only.", advice=_UNTOUCHED)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        fresh = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(after)
                file.flush()
                os.fsync(descriptor)
            _dress(fresh, status)
            if self.read(target) != before:
                return False, None
            backup = self._keep(target, before, status) if status else None
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        return True, backup

    def _keep(self, target: Path, content: bytes, status: os.stat_result) -> Path:
        day = f"{self.clock():%Y%m%d-%H%M%S}"
        for number in range(1, 1000):
            again = f"-{number}" if number > 1 else ""
            backup = target.with_name(f"{target.name}.{day}{again}.bak")
            try:
                descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            _dress(backup, status)
            return backup
        raise FileRefusedError(f"{str(target)!r} has too many backups.", advice="Remove old ones.")


def _dress(path: Path, like: os.stat_result | None) -> None:
    """Give ``path`` the permissions and the owner of the file it stands for."""
    if like is None:
        if os.name == "posix":
            path.chmod(0o600)
        return
    path.chmod(stat.S_IMODE(like.st_mode))
    if os.name == "posix" and os.geteuid() == 0:
        os.chown(path, like.st_uid, like.st_gid)


def _followed(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise FileRefusedError(f"{str(path)!r} is a link without an end.", advice=_UNTOUCHED) from error


def _refused(path: Path, how: str, error: OSError) -> FileRefusedError:
    return FileRefusedError(f"{str(path)!r} {how}: {error.strerror}.", advice=_UNTOUCHED)
