"""Where captures lie, and how one is written so that it is there whole or not at all, and read again."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from provena_mcp.crates.terms import METADATA
from provena_mcp.errors import FileRefusedError
from provena_mcp.recording.captured import Capture
from provena_mcp.recording.crate import Document, crate_of, is_as_written, text_of

SETTING: Final = "PROVENA_CAPTURES"
REGISTRATION: Final = "registration.json"
_OWN: Final = ".provena"
_LARGEST: Final = 256 * 1024 * 1024
_IGNORED: Final = "# Captures are no part of the work they tell of.\n*\n"


def captures_folder(chosen: str | None, working: Path) -> Path:
    """The folder of captures: the one chosen, else that of the project ``working`` is in, else a new one.

    A project is the nearest folder upwards with a ``.provena`` of this user's, as with git.
    """
    if chosen:
        return Path(chosen).expanduser().absolute()
    working = working.absolute()
    for folder in (working, *working.parents):
        if _is_ours(folder / _OWN):
            return folder / _OWN / "captures"
    return working / _OWN / "captures"


def new_name(started: float, title: str) -> str:
    """A name that sorts by time, says what it is of, and that no other capture has."""
    when = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(started))}{int(started % 1 * 1000):03}Z"
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "run"
    return f"{when}-{words}-{secrets.token_hex(3)}"


class CaptureFolder:
    """The folder of one capture: it appears with its first document, which later ones replace whole."""

    def __init__(self, captures: Path, name: str) -> None:
        self.path = captures / name

    def not_of_a_run_in(self, working: str) -> str:
        """The folder whose files are no run's: that of all captures, unless ``working`` lies in it."""
        captures = self.path.parent.resolve()
        return str(self.path if Path(working).resolve().is_relative_to(captures) else captures)

    def write(self, capture: Capture) -> None:
        """Write the capture's document.

        Raises:
            FileRefusedError: It cannot be written there.
        """
        try:
            text = text_of(crate_of(capture))
            if self.path.is_dir():
                replace_file(self.path / METADATA, text)
            else:
                self._appear(text)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise FileRefusedError(
                f"The capture cannot be written to {str(self.path)!r}: {why}.",
                advice=f"Name a folder that can be written in {SETTING}.",
            ) from None

    def _appear(self, text: str) -> None:
        captures = self.path.parent
        if not captures.is_dir():
            captures.mkdir(parents=True, exist_ok=True)
            if captures.parent.name == _OWN:
                (captures.parent / ".gitignore").write_text(_IGNORED, "utf-8")
        unseen = captures / f".{self.path.name}"
        unseen.mkdir()
        replace_file(unseen / METADATA, text)
        unseen.rename(self.path)


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """A capture as it lies there.

    Attributes:
        name: Of its folder.
        path: The folder.
        document: What it says.
        as_written: Whether nobody edited it since.
        run_id: The handle of the registered run, if it has been registered.
    """

    name: str
    path: Path
    document: Document
    as_written: bool
    run_id: str | None


def stored_names(captures: Path) -> Iterator[str]:
    """The names of all captures in a folder, the earliest first."""
    try:
        names = sorted(entry.name for entry in os.scandir(captures) if entry.is_dir())
    except OSError:
        return
    yield from (name for name in names if has_capture(captures, name))


def has_capture(captures: Path, name: str) -> bool:
    """Whether a folder holds a capture of this name; what is a path is none."""
    plain = name == Path(name).name and not name.startswith(".")
    return plain and (captures / name / METADATA).is_file()


def read_capture(path: Path) -> StoredCapture:
    """A capture by its folder.

    Raises:
        FileRefusedError: There is none, or it cannot be read as one.
    """
    file = path / METADATA
    try:
        if file.stat().st_size > _LARGEST:
            raise _unreadable(path, "it is too large")
        document = json.loads(file.read_bytes())
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be read") from None
    except (ValueError, RecursionError):
        raise _unreadable(path, "it is not JSON") from None
    if not isinstance(document, dict):
        raise _unreadable(path, "it is no RO-Crate")
    document = cast("Document", document)
    return StoredCapture(path.name, path, document, is_as_written(document), registered_run(path))


def note_registration(path: Path, run_id: str) -> None:
    """Remember beside a capture which registered run it became."""
    replace_file(path / REGISTRATION, json.dumps({"run_id": run_id}) + "\n")


def registered_run(path: Path) -> str | None:
    """The handle of the registered run that a capture became."""
    try:
        stated: Any = json.loads((path / REGISTRATION).read_bytes())
    except (OSError, ValueError):
        return None
    run_id = cast("dict[str, Any]", stated).get("run_id") if isinstance(stated, dict) else None
    return run_id if isinstance(run_id, str) else None


def _unreadable(path: Path, why: str) -> FileRefusedError:
    return FileRefusedError(
        f"{path.name!r} is not a capture that can be read: {why}.",
        advice=f"Captures are the folders that 'provena-mcp record' makes, each with an {METADATA}.",
    )


def _is_ours(folder: Path) -> bool:
    try:
        return folder.is_dir() and (not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid())
    except OSError:
        return False


def replace_file(file: Path, text: str) -> None:
    """Put ``text`` into ``file`` whole or not at all, also if the power goes."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fsync(writing.fileno())
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
