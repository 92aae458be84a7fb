"""What this server keeps in a run's annotations: what recorded and registered it, and hashes of its files.

Beside the keys that a template requires, a run may have any others (provena-http 4.1). By its hash a file is
known again: the annotation's key is ``sha256:`` and 64 hex digits. Its value says what the file was to the
run: the role, the file's name and, where it is known, the dataset that holds it, as in
``output flow.csv in 10378.1/1900002``. A file that was several things to a run, such as one read and written,
has them joined by a ``|`` between blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from provena_mcp.wire.items import JsonObject

COMMAND: Final = "provena.command"
"""The command line, as it was recorded."""

PROGRAM: Final = "provena.program"
"""What was run, by name: runs of one program are alike."""

COMMIT: Final = "provena.commit"
"""Of the source code; ``-dirty`` behind it where the working tree differed."""

REPOSITORY: Final = "provena.repository"
"""Address of the source code."""

RECORDED_AS: Final = "provena.recorded-as"
"""What recorded the run and what it is called there: the name of a capture, or of a crate
with an id in it and a digest of what it states of the run."""

VIA: Final = "provena.via"
"""The program that acted for the person: its name and version, and never what anybody said to it."""

FileRole = Literal["input", "output"]

_PREFIX: Final = "sha256:"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BETWEEN: Final = " | "
_VALUE: Final = re.compile(r"(?P<role>input|output) (?P<name>.+?)(?: in (?P<dataset>[^\s/]+/\S+))?")


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file of a run: its hash in hex, what it was to the run, its name without folders, its dataset."""

    sha256: str
    role: FileRole
    name: str
    dataset_id: str | None = None


def with_agent(raw: JsonObject, agent: str) -> JsonObject:
    """A record's JSON that names ``agent`` as the program, whatever it said of one itself."""
    annotations = raw.get("annotations") or {}
    return {**raw, "annotations": {**annotations, VIA: agent}} if isinstance(annotations, dict) else raw


def is_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 in lower-case hex."""
    return _DIGEST.fullmatch(text) is not None


def annotation_key(sha256: str) -> str:
    """The annotation key under which a run keeps a file of this hash."""
    return f"{_PREFIX}{sha256}"


def hash_annotations(files: Iterable[HashedFile]) -> dict[str, str]:
    """The annotations that keep the hashes of ``files``."""
    kept: dict[str, list[str]] = {}
    for file in files:
        roles = kept.setdefault(annotation_key(file.sha256), [])
        if (value := _value(file)) not in roles:
            roles.append(value)
    return {key: _BETWEEN.join(values) for key, values in kept.items()}


def hashed_files(annotations: Mapping[str, str] | None) -> tuple[HashedFile, ...]:
    """The files whose hashes are kept in a run's ``annotations``; what is written otherwise is left out."""
    return tuple(
        file
        for key, value in (annotations or {}).items()
        if key.lower().startswith(_PREFIX) and is_sha256(digest := key[len(_PREFIX) :].lower())
        for file in _files(digest, value)
    )


def _value(file: HashedFile) -> str:
    name = " ".join(file.name.replace("|", "/").split()) or "unnamed"
    return f"{file.role} {name}" + (f" in {file.dataset_id}" if file.dataset_id else "")


def _files(digest: str, value: str) -> Iterable[HashedFile]:
    for part in value.split(_BETWEEN):
        if stated := _VALUE.fullmatch(part.strip()):
            role = cast("FileRole", stated["role"])
            yield HashedFile(digest, role, stated["name"], stated["dataset"])
