"""Tells the files of a run from those of the machine it ran on: libraries, interpreters, caches, devices."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Final

from provena_mcp.recording.observation.watched import LEFT_OUT

_SYSTEM: Final = (
    *("/proc", "/sys", "/dev", "/run", "/etc", "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"),
    *("/nix/store", "/System", "/Library"),
)
_OF_THE_USER: Final = (".cache", ".config", ".local")
_INSTALLED: Final = ("bin", "sbin", "lib", "lib64", "libexec", "share", "etc", "include", "pyvenv.cfg")
_PARTS: Final = LEFT_OUT | {"site-packages", "dist-packages", "node_modules"}
_LIBRARY: Final = re.compile(r"\.(?:so(?:\.[\d.]+)?|dylib|dll|pyd)$")
_CODE: Final = frozenset({".py", ".pyw", ".sh", ".bash", ".r", ".jl", ".pl", ".rb", ".lua", ".ipynb"})
_COMPILED: Final = re.compile(r"(?P<folder>.*)/__pycache__/(?P<module>[^/]+?)\.[\w-]+(?:\.opt-\d)?\.pyc")


class Surroundings:
    """Where the machine's own files lie, seen from a folder: what is in that folder is the run's."""

    def __init__(self, folder: str, prefixes: Iterable[str] = (), executed: Iterable[str] = ()) -> None:
        """Tell by what ran.

        Args:
            folder: Where the command runs.
            prefixes: Folders that are wholly the machine's, such as a Python's own.
            executed: Programs that ran; what is installed beside them is theirs.
        """
        self._folder = os.path.realpath(folder)
        home = os.path.expanduser("~")
        of_the_user = (os.path.join(home, name) for name in _OF_THE_USER) if home != "/" else ()
        roots = {*_SYSTEM, *of_the_user, *(prefix for prefix in prefixes if prefix != "/")}
        roots |= {beside for program in executed for beside in self._installed_with(program)}
        self._roots = sorted({os.path.realpath(root) for root in roots} | roots, key=len, reverse=True)
        self._held_folders: dict[str, bool] = {}

    def hold(self, path: str) -> bool:
        """Whether ``path`` belongs to the machine, not to the run."""
        folder, _, name = path.rpartition("/")
        if name in _PARTS or _LIBRARY.search(name):
            return True
        if folder not in self._held_folders:
            self._held_folders[folder] = self._hold_all_in(folder)
        return self._held_folders[folder] or (path in self._roots and self._are_around(path))

    def _hold_all_in(self, folder: str) -> bool:
        return not _PARTS.isdisjoint(folder.split("/")) or self._are_around(folder)

    def _are_around(self, path: str) -> bool:
        root = next((root for root in self._roots if _is_below(path, root)), None)
        if root is None:
            return False
        # A folder of work inside /usr/local is one; an interpreter inside the folder of work is none of it.
        return not (_is_below(path, self._folder) and _is_below(self._folder, root))

    def _installed_with(self, program: str) -> Iterator[str]:
        for path in {program, os.path.realpath(program)}:
            prefix, name = os.path.split(os.path.dirname(path))
            is_work = _is_below(prefix, self._folder) or _is_below(self._folder, prefix)
            if name in ("bin", "sbin") and not is_work:
                yield from (os.path.join(prefix, folder) for folder in _INSTALLED)


def is_code(path: str, programs: frozenset[str]) -> bool:
    """Whether a file that was read is program text: it is what the command line runs, or its name says so."""
    return path in programs or PurePath(path).suffix.lower() in _CODE


def source_of(path: str) -> str | None:
    """The source of a compiled Python module: who reads the one runs the other."""
    found = _COMPILED.fullmatch(path)
    return f"{found['folder']}/{found['module']}.py" if found else None


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
