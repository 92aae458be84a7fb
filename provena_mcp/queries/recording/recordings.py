"""The captures and files of this machine that tools may read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provena_mcp.queries.documents.user_files import InputFolders


@dataclass(frozen=True, slots=True)
class Recordings:
    """This machine's captures, and the files that may be read (stdio only).

    Attributes:
        files: The folders whose files may be read.
        captures: The folder that PROVENA_CAPTURES names.
        working: Where the server runs.
        samples: The captures that come with the sample world, where that is served.
    """

    files: InputFolders
    captures: str | None
    working: Path
    samples: Path | None = None

    def folders(self, paths: Iterable[str]) -> tuple[Path, ...]:
        """The folders of captures that may know of ``paths``: the one set, else those of their projects."""
        # Loaded when there is something to look for: a start needs none of it.
        from provena_mcp.recording.capture_folder import captures_folder

        if self.captures:
            return (captures_folder(self.captures, self.working),)
        places = (self.working, *(Path(path).parent for path in paths))
        return tuple(dict.fromkeys(captures_folder(None, place) for place in places))
