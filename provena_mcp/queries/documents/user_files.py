"""Files written for the user, only inside one folder and never over another file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from provena_mcp.errors import FileRefusedError
from provena_mcp.private_file import create_private

# Windows has neither; elsewhere a link is not followed and a pipe does not keep us waiting.
_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class InputFolders:
    """Folders whose files may be read, those below them included."""

    paths: tuple[Path, ...]

    def read(self, file_path: str, max_bytes: int) -> bytes:
        """The content of a file; a relative path is looked for in the first folder.

        Raises:
            FileRefusedError: It is outside the folders, reached over ``..`` or a link, not a plain
                file, larger than ``max_bytes``, or cannot be read.
        """
        path = self._inside(file_path)
        try:
            return _read(path, max_bytes)
        except OSError as error:
            raise self._refused(f"{file_path[:200]!r} cannot be read: {error.strerror}.") from None

    def find(self, file_path: str) -> Path:
        """Where a file is that may be read; a relative path is looked for in the first folder.

        Raises:
            FileRefusedError: It is not there, outside the folders, or reached over ``..`` or a link.
        """
        return self._inside(file_path)

    def _inside(self, file_path: str) -> Path:
        given = Path(file_path)
        if not file_path.strip() or "\0" in file_path or ".." in given.parts:
            raise self._refused(f"{file_path[:200]!r} is not a path that is read.")
        for folder in self.paths:
            root = folder.absolute()
            path = root / given
            if path.is_relative_to(root):
                return self._unlinked(root, path, file_path)
        raise self._refused(f"{file_path[:200]!r} is outside the folders that may be read.")

    def _unlinked(self, root: Path, path: Path, file_path: str) -> Path:
        """``path`` with the links above ``root`` followed, where there is none below it."""
        try:
            real = path.resolve(strict=True)
            expected = root.resolve() / path.relative_to(root)
        except (OSError, RuntimeError):
            raise self._refused(f"There is no file {file_path[:200]!r}.") from None
        if os.path.normcase(real) != os.path.normcase(expected):
            raise self._refused(f"{file_path[:200]!r} is reached over a link, which is not followed.")
        return real

    def _refused(self, message: str) -> FileRefusedError:
        allowed = ", ".join(map(str, self.paths)) or "none"
        return FileRefusedError(
            message,
            advice=f"Folders that may be read: {allowed}. The operator names them in PROVENA_INPUT_DIRS. "
            "Without the file, convert_model_runs takes its text, identify_file its SHA-256.",
        )


def input_folders(chosen: str | None, usual: Path | None) -> InputFolders:
    """The folders that PROVENA_INPUT_DIRS names, separated as in PATH; else the usual one, if any."""
    if not chosen:
        return InputFolders((usual,) if usual else ())
    return InputFolders(tuple(_folders(chosen.split(os.pathsep))))


def _folders(names: Sequence[str]) -> list[Path]:
    return [Path(name.strip()).expanduser() for name in names if name.strip()]


def _read(path: Path, max_bytes: int) -> bytes:
    with os.fdopen(os.open(path, _FLAGS), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileRefusedError(
                f"{path.name!r} is not a plain file.",
                advice="Give the path of a CSV file.",
                fault="caller",
                retry="after_change",
            )
        if found.st_size > max_bytes:
            raise FileRefusedError(
                f"{path.name!r} has {found.st_size:,} bytes; the most that is read is {max_bytes:,}.",
                advice="Split it into several files with the same header row.",
                fault="caller",
                retry="after_change",
            )
        return file.read(max_bytes + 1)


_NAME: Final = re.compile(r"[^\W_][\w .()+-]{0,119}")
# A version such as the .2 of "report 1.2" is no ending.
_ENDING: Final = re.compile(r"\.[A-Za-z]\w{0,9}")
# Windows reads the superscript digits of Latin-1 as digits, and takes no notice of blanks behind.
_DEVICE_NAMES: Final = re.compile(r"(con|prn|aux|nul|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WritableFile:
    """A file that may be written: its name is good, and nothing was there when it was chosen."""

    path: Path

    def ending_in(self, ending: str, *others: str) -> WritableFile:
        """The same place with ``ending`` added to a name that has none; a name may end in the others too.

        Raises:
            FileRefusedError: The name ends like another kind of file, or there is such a file.
        """
        if self.path.suffix.lower() in (f".{known}" for known in (ending, *others)):
            return self
        if _ENDING.fullmatch(self.path.suffix):
            raise FileRefusedError(
                f"save_as {self.path.name[:60]!r} does not end like the document, which is .{ending}.",
                advice=f"Give a name ending in .{ending}, or one without an ending.",
                fault="caller",
                retry="after_change",
            )
        path = self.path.with_name(f"{self.path.name}.{ending}")
        if path.exists():
            raise _exists(path.name)
        return replace(self, path=path)

    def write(self, content: bytes) -> str:
        """Write ``content`` and return the file's path.

        Raises:
            FileRefusedError: The file exists by now, or the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with create_private(self.path, _NEW) as file:
                file.write(content)
        except FileExistsError:
            raise _exists(self.path.name) from None
        except OSError as error:
            raise FileRefusedError(
                f"{self.path.name!r} could not be written: {error.strerror}.",
                advice="Check the folder PROVENA_OUTPUT_DIR points to.",
            ) from None
        return str(self.path)


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """The folder ``save_as`` writes into (stdio only); it is made with the first file."""

    path: Path

    def place(self, name: str) -> WritableFile:
        """Where a new file called ``name`` goes.

        Raises:
            FileRefusedError: The name is a path or not a plain file name, or the file exists.
        """
        if not _NAME.fullmatch(name) or _DEVICE_NAMES.fullmatch(name) or name.endswith((".", " ")):
            raise FileRefusedError(
                f"save_as {name[:60]!r} is not a plain file name.",
                advice="Give a name such as 'report.docx', without folders.",
                fault="caller",
                retry="after_change",
            )
        if (self.path / name).exists():
            raise _exists(name)
        return WritableFile(self.path / name)


def place_for(output: OutputFolder | None, save_as: str | None, *endings: str) -> WritableFile | None:
    """Where to save a document, if that is asked for; to be found out before the document is made.

    A name without an ending gets the first of the document's, where they are known beforehand.

    Raises:
        FileRefusedError: Saving is switched off, or the name is refused.
    """
    if save_as is None:
        return None
    if output is None:
        raise FileRefusedError(
            "Saving files is switched off here.", advice="Leave save_as out.", retry="after_change"
        )
    place = output.place(save_as)
    return place.ending_in(*endings) if endings else place


def _exists(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name!r} exists already and is not overwritten.",
        advice="Choose another name for save_as.",
        fault="caller",
        retry="after_change",
    )
