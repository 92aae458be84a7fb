"""Where an export goes on this machine: a folder or a zip, there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from provena_mcp.errors import FileRefusedError
from provena_mcp.private_file import create_beside, write_private

LISTING: Final = ".provena-export"
"""The file by which an exported folder is known: what was written there, as ``sha256sum`` lists it."""

_ADVICE: Final = "Choose another place, or replace it with --force."
# What file managers leave in a folder that somebody opened.
_OF_FILE_MANAGERS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_MOST_NAMED: Final = 3


def keep_files(files: Mapping[str, bytes], place: Path, *, force: bool) -> None:
    """Write ``files``, by path, as the folder ``place``, with a listing of them.

    They are written beside it, for their owner's eyes only, and moved there at the end. With ``force`` an
    earlier export is replaced if all that is in it is as it was written, and nothing else ever is.

    Raises:
        FileRefusedError: There is something, or it cannot be written.
    """
    try:
        _require_replaceable(place, force=force)
        place.parent.mkdir(parents=True, exist_ok=True)
        # Named as the place is: what Python makes of a relative one differs between its versions.
        beside = place.parent / Path(mkdtemp(prefix=f".{place.name[:40]}-", dir=place.parent)).name
        fresh, former = beside / "new", beside / "old"
        try:
            _write(files, fresh)
            _exchange(fresh, place, former)
        finally:
            if _is_there(place) or not _is_there(former):
                shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise _unwritable(place, error) from None


def keep_file(content: bytes, place: Path, *, force: bool) -> None:
    """Write one file; with ``force`` over another file of that name.

    Raises:
        FileRefusedError: There is something, or it cannot be written.
    """
    if _is_there(place) and not (force and place.is_file() and not place.is_symlink()):
        raise FileRefusedError(f"{str(place)!r} is there already.", advice=_ADVICE)
    fresh: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh, file = create_beside(place)
        with file:
            file.write(content)
        fresh.replace(place)
    except OSError as error:
        raise _unwritable(place, error) from None
    finally:
        if fresh:
            fresh.unlink(missing_ok=True)


def _is_there(place: Path) -> bool:
    return os.path.lexists(place)


def _require_replaceable(place: Path, *, force: bool) -> None:
    is_folder = place.is_dir() and not place.is_symlink()
    if not _is_there(place) or (is_folder and not any(place.iterdir())):
        return
    is_earlier = is_folder and (place / LISTING).is_file()
    if not is_earlier or not force:
        advice = _ADVICE if is_earlier else "Choose another place: this is no export, and is left alone."
        raise FileRefusedError(f"{str(place)!r} is there already.", advice=advice)
    if foreign := sorted(_foreign_files(place)):
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        raise FileRefusedError(
            f"{str(place)!r} holds what the export did not write so: "
            f"{', '.join(map(repr, foreign[:_MOST_NAMED]))}{more}.",
            advice="Move that elsewhere, or choose another place.",
        )


def _foreign_files(place: Path) -> Iterator[str]:
    """Paths in an exported folder that are not in its listing, or have another content since."""
    lines = (place / LISTING).read_text("utf-8", errors="replace").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for folder, folders, names in os.walk(place, onerror=_raise):
        links = (name for name in folders if Path(folder, name).is_symlink())
        for path in (Path(folder, name) for name in (*names, *links)):
            name = path.relative_to(place).as_posix()
            if name == LISTING or path.name in _OF_FILE_MANAGERS:
                continue
            if name not in listed or path.is_symlink() or not path.is_file() or _digest(path) != listed[name]:
                yield name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _raise(error: OSError) -> None:
    raise error


def _exchange(fresh: Path, place: Path, former: Path) -> None:
    """Move ``fresh`` to ``place`` and what was there to ``former``, or neither, also when interrupted."""
    try:
        if _is_there(place):
            place.rename(former)
        fresh.rename(place)
    except BaseException:
        if _is_there(former) and not _is_there(place):
            _restore(former, place)
        raise


def _restore(former: Path, place: Path) -> None:
    try:
        former.rename(place)
    except OSError as error:
        raise FileRefusedError(
            f"{str(place)!r} cannot be written: {error.strerror}.",
            advice=f"What was there is in {str(former)!r} now: move it back.",
        ) from error


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    listing = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    for name, content in {**files, LISTING: listing.encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, content)


def _unwritable(place: Path, error: OSError) -> FileRefusedError:
    return FileRefusedError(f"{str(place)!r} cannot be written: {error.strerror}.")
