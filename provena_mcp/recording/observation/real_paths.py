"""Where paths lead, links followed: what ``os.path.realpath`` says, for thousands of files in few folders."""

from __future__ import annotations

import os


class RealPaths:
    """Follows the links of each folder once; what changes meanwhile is not noticed."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The real path of an absolute path without ``..``."""
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        real = os.path.join(self._folders[folder], name)
        return os.path.realpath(real) if os.path.islink(real) else real
