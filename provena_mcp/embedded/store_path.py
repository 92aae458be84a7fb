"""Where a store's file lies, and who may read it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

from provena_mcp.embedded.schema import OTHER_FILE
from provena_mcp.errors import StoreError

IN_MEMORY: Final = Path(":memory:")
"""A store without a file, which ends with its process."""

_SHOWN: Final = 80
_OTHER_FILE: Final = OTHER_FILE["store"]


def default_store_path() -> Path:
    """Where the store lies unless the operator names a file; its folder is made when missing.

    Raises:
        StoreError: The folder cannot be made.
    """
    folder = platformdirs.user_data_path("provena-mcp")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {str(folder)!r} for the store cannot be made: {error.strerror}.",
            advice=f"Make it yourself, or {_OTHER_FILE}.",
        ) from error
    return folder / "provena.sqlite3"


def resolve_store_path(path: Path | None) -> Path:
    """The store's file, absolute; ``IN_MEMORY`` stays what it is.

    Raises:
        StoreError: No file can have this name, or the default folder cannot be made.
    """
    if path == IN_MEMORY:
        return IN_MEMORY
    file = path or default_store_path()
    try:
        file = file.expanduser().absolute()
        # Not exists(), which takes some names that no file can have for those of missing files.
        file.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # Opening it says what is wrong.
        return file
    except (OSError, ValueError, RuntimeError) as error:
        # Each version of Python has words of its own for a character that no name may have.
        said = "no file can have such a name" if isinstance(error, ValueError) else str(error)
        shown = str(path) if len(str(path)) <= _SHOWN else f"{str(path)[:_SHOWN]}…"
        message = f"The store {shown!r} cannot be opened: {getattr(error, 'strerror', said)}."
        raise StoreError(message, advice=f"N{_OTHER_FILE[1:]}.") from error
    return file


def kind_of(path: Path) -> str:
    """What is there that is no regular file, in words: "a folder", "a device"."""
    if path.is_dir():
        return "a folder"
    return "a device" if path.is_char_device() or path.is_block_device() else "a pipe or a socket"


def keep_private(path: Path) -> None:
    """Make the file its owner's only, and take it from the rest of the world where it is there.

    SQLite gives the files beside it the same permissions. A group that was let in stays.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    for file in (path, *(path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))):
        with suppress(OSError):
            file.chmod(stat.S_IMODE(file.stat().st_mode) & ~stat.S_IRWXO)
