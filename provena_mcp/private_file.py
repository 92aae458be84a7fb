"""Files that only their owner may read: what Provena says of people and of unpublished work is in them."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, Final

_MODE: Final = 0o600
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


def create_private(path: Path, flags: int = _WRITE) -> BinaryIO:
    """Open ``path`` to write bytes; a file that is made is its owner's only, whatever the umask says.

    One that is there already keeps the rights that its owner gave it.

    Raises:
        OSError: It cannot be made or written.
    """
    return os.fdopen(os.open(path, flags, _MODE), "wb")


def create_beside(path: Path) -> tuple[Path, BinaryIO]:
    """A new file in the folder of ``path``, to be moved there: nobody can have laid one in its way.

    Raises:
        OSError: It cannot be made.
    """
    # As mkstemp makes it: its owner's only, under a name that cannot be guessed.
    descriptor, name = mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    return Path(name), os.fdopen(descriptor, "wb")


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` as ``create_private`` opens it."""
    with create_private(path) as file:
        file.write(content)
