"""Files written for the user, only inside one folder and never over another file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from provena_mcp.errors import FileRefusedError

_NAME: Final = re.compile(r"[^\W_][\w .()+-]{0,119}")
# A version such as the .2 of "report 1.2" is no ending.
_ENDING: Final = re.compile(r"\.[A-Za-z]\w{0,9}")
_DEVICE_NAMES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A file that may be written: its name is good, and nothing was there when it was chosen."""

    path: Path

    def ending_in(self, ending: str) -> Place:
        """The same place with ``ending`` added to a name that has none.

        Raises:
            FileRefusedError: There is such a file.
        """
        if _ENDING.fullmatch(self.path.suffix):
            return self
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
            with self.path.open("xb") as file:
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

    def place(self, name: str) -> Place:
        """Where a new file called ``name`` goes.

        Raises:
            FileRefusedError: The name is a path or not a plain file name, or the file exists.
        """
        if not _NAME.fullmatch(name) or _DEVICE_NAMES.fullmatch(name) or name.endswith((".", " ")):
            raise FileRefusedError(
                f"save_as {name[:60]!r} is not a plain file name.",
                advice="Give a name such as 'report.docx', without folders.",
            )
        if (self.path / name).exists():
            raise _exists(name)
        return Place(self.path / name)


def place_for(output: OutputFolder | None, save_as: str | None, ending: str | None = None) -> Place | None:
    """Where to save a document, if that is asked for; to be found out before the document is made.

    A name without an ending gets that of the document, where it is known beforehand.

    Raises:
        FileRefusedError: Saving is switched off, or the name is refused.
    """
    if save_as is None:
        return None
    if output is None:
        raise FileRefusedError("Saving files is switched off here.", advice="Leave save_as out.")
    place = output.place(save_as)
    return place.ending_in(ending) if ending else place


def _exists(name: str) -> FileRefusedError:
    return FileRefusedError(
        f"{name!r} exists already and is not overwritten.", advice="Choose another name for save_as."
    )
