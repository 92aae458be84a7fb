"""Where things are on a machine: its system, the user's folders, the project, and what is on the ``PATH``."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

System = Literal["darwin", "win32", "linux"]

_OF_WINDOWS: Final = {"APPDATA": "Roaming", "LOCALAPPDATA": "Local"}
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Machine:
    """A user's place at a machine; ``find`` gives the path of a program that can be run by name."""

    system: System
    home: Path
    environment: Mapping[str, str]
    project: Path
    find: Callable[[str], str | None]

    def place(self, template: str) -> Path | None:
        """The path a template stands for; none where it goes by a variable that is not set here.

        ``{home}`` is the user's folder, ``{settings}`` where programs keep their settings on this system,
        ``{project}`` the folder of the project; other words in braces are environment variables, of which
        those of Windows count there only.
        """
        known = {name: value for name, value in self.environment.items() if value} | {
            "home": str(self.home),
            "project": str(self.project),
            "settings": str(self._settings_folder()),
        }
        for name, folder in _OF_WINDOWS.items():
            if self.system == "win32":
                known.setdefault(name, str(self.home / "AppData" / folder))
            else:
                known.pop(name, None)
        names = _VARIABLE.findall(template)
        if any(name not in known for name in names):
            return None
        return Path(_VARIABLE.sub(lambda found: known[found[1]], template))

    def _settings_folder(self) -> Path:
        match self.system:
            case "darwin":
                return self.home / "Library" / "Application Support"
            case "win32":
                return Path(self.environment.get("APPDATA") or self.home / "AppData" / "Roaming")
            case "linux":
                return Path(self.environment.get("XDG_CONFIG_HOME") or self.home / ".config")


def this_machine() -> Machine:
    """The machine this process runs on, as its user and in its folder."""
    system: System = "win32" if sys.platform == "win32" else "darwin" if sys.platform == "darwin" else "linux"
    return Machine(system, Path.home(), os.environ, Path.cwd(), shutil.which)
