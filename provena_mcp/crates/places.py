"""Where the files of a document lie: inside its folder, or elsewhere, which is never followed."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_MOST: Final = 1_024


def path_inside(entity_id: str) -> str | None:
    """The path that ``entity_id`` means inside the document's folder, with ``/``.

    None for addresses, absolute paths, drives, fragments, and whatever leads out over ``..``, however it
    is encoded.
    """
    if (
        len(entity_id) > _MOST
        or entity_id.startswith(("#", "/", "\\", "~", "_:"))
        or _SCHEME.match(entity_id)
    ):
        return None
    path = unquote(entity_id)
    if _SCHEME.match(path) or path.startswith(("/", "\\")) or "\0" in path:
        return None
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return None if ".." in parts or not parts else "/".join(parts)


def last_part(entity_id: str) -> str:
    """What people call it: the last part of a path or address."""
    path = unquote(entity_id.partition("?")[0]).replace("\\", "/").rstrip("/")
    return path.rpartition("/")[2].lstrip("#") or entity_id
