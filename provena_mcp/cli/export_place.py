"""Where an export goes on this machine: a folder or a zip, there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from provena_mcp.errors import FileRefusedError

_ADVICE: Final = "Choose another place, or replace it with --force."


def keep_files(files: Mapping[str, bytes], place: Path, *, mark: str, force: bool) -> None:
    """Write ``files``, by path, as the folder ``place``.

    They are written beside it and moved there at the end. With ``force`` an earlier export is replaced: a
    folder that holds the file ``mark``, and never any other.

    Raises:
        FileRefusedError: There is something, or it cannot be written.
    """
    is_earlier = place.is_dir() and not place.is_symlink() and (place / mark).is_file()
    is_empty = place.is_dir() and not place.is_symlink() and not any(place.iterdir())
    if _is_there(place) and not is_empty and not (force and is_earlier):
        advice = _ADVICE if is_earlier else "Choose another place: this is no export, and is left alone."
        raise FileRefusedError(f"{str(place)!r} is there already.", advice=advice)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(prefix=f".{place.name[:40]}-", dir=place.parent))
        try:
            _write(files, fresh / "new")
            if _is_there(place):
                place.rename(fresh / "old")
            (fresh / "new").rename(place)
        except OSError:
            if (fresh / "old").exists() and not _is_there(place):
                (fresh / "old").rename(place)
            raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise _unwritable(place, error) from None


def keep_file(content: bytes, place: Path, *, force: bool) -> None:
    """Write one file; with ``force`` over another file of that name.

    Raises:
        FileRefusedError: There is something, or it cannot be written.
    """
    if _is_there(place) and not (force and place.is_file()):
        raise FileRefusedError(f"{str(place)!r} is there already.", advice=_ADVICE)
    fresh = place.with_name(f".{place.name[:40]}-{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(place)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise _unwritable(place, error) from None


def _is_there(place: Path) -> bool:
    return os.path.lexists(place)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _unwritable(place: Path, error: OSError) -> FileRefusedError:
    return FileRefusedError(f"{str(place)!r} cannot be written: {error.strerror}.")
