"""Files written for the user, only inside one folder and never over another file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from provena_mcp.errors import FileRefusedError

_NAME: Final = re.compile(r"[^\W_][\w .()+-]{0,119}")
_DEVICE_NAMES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class OutputFolder:
    """The folder ``save_as`` writes into (stdio only)."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``; it is made with the first file."""
        self._folder = folder

    def save(self, name: str, content: bytes) -> str:
        """Write ``content`` as a new file called ``name`` and return its path.

        Raises:
            FileRefusedError: The name is a path or not a plain file name, the file exists, or the
                folder cannot be written.
        """
        if not _NAME.fullmatch(name) or _DEVICE_NAMES.fullmatch(name) or name.endswith((".", " ")):
            raise FileRefusedError(
                f"save_as {name[:60]!r} is not a plain file name.",
                advice="Give a name such as 'report.docx', without folders.",
            )
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            raise FileRefusedError(
                f"{name!r} exists already and is not overwritten.", advice="Choose another name for save_as."
            ) from None
        except OSError as error:
            raise FileRefusedError(
                f"{name!r} could not be written: {error.strerror}.",
                advice="Check the folder PROVENA_OUTPUT_DIR points to.",
            ) from None
        return str(path)
