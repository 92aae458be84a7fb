"""The files of a run in the roles they play: one file, or many of one pattern in one folder."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.crates.recorded_runs import RecordedFile, RecordedRun
from provena_mcp.rules.records.annotations import hashed_files

Side = Literal["input", "output"]

NOTHING: Final = hashlib.sha256(b"").hexdigest()
"""The hash of every empty file, by which none is known again."""

# From so many numbered files of one folder on they are taken for one dataset.
_MANY: Final = 4
_NUMBERS: Final = re.compile(r"\d+")
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
# Endings and words that say nothing of what a file is to a run.
_COMMON: Final = frozenset(
    {"csv", "nc", "txt", "json", "dat", "data", "dataset", "file", "files", "template", "input", "output",
     "inputs", "outputs", "of", "the", "for", "and", "with", "in", "to"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """Files that are one dataset to the run; ``pattern`` is their name with ``#`` for numbers."""

    side: Side
    pattern: str
    files: tuple[RecordedFile, ...]

    @property
    def first(self) -> RecordedFile:
        """The file to speak of."""
        return self.files[0]

    @property
    def name(self) -> str:
        """What to call it: the file's name, or the pattern of many."""
        return base_name(self.first) if len(self.files) == 1 else f"{self.pattern} ({len(self.files)} files)"

    @property
    def path(self) -> str:
        """Where it lies in its dataset: the file, or the folder of many."""
        path = self.first.path or base_name(self.first)
        return path.rpartition("/")[0] or "." if len(self.files) > 1 else path

    @property
    def words(self) -> frozenset[str]:
        """The words of its name that tell it from others, the parameter that it filled included."""
        parameter = self.first.template.name if self.first.template else ""
        return words_of(f"{self.pattern} {parameter}")


def file_key(file: RecordedFile, source: str) -> str:
    """What tells a file from all others, over several documents: its content, or its id in its document."""
    is_telling = file.sha256 is not None and file.sha256 != NOTHING
    return f"sha256:{file.sha256}" if is_telling else f"{source}|{file.id}"


def base_name(file: RecordedFile) -> str:
    """The name of a file without the folders that it was in."""
    return file.name.rstrip("/").rpartition("/")[2] or file.name


def pattern_of(name: str) -> str:
    """A file name with ``#`` for its numbers."""
    return _NUMBERS.sub("#", name)


def words_of(text: str) -> frozenset[str]:
    """The words of a name that mean something."""
    return frozenset(word.casefold() for word in _WORDS.findall(text)) - _COMMON


def roles_of(run: RecordedRun, side: Side) -> tuple[Role, ...]:
    """The roles of one side of a run, in the order of its files; what it ran itself is none of them."""
    code = {software.id for software in run.software}
    files = [file for file in (run.inputs if side == "input" else run.outputs) if file.id not in code]
    grouped: dict[str, list[RecordedFile]] = {}
    for file in files:
        grouped.setdefault(_group_of(file), []).append(file)
    return tuple(
        Role(side, pattern_of(base_name(part[0])), part)
        for each in grouped.values()
        for part in ([tuple(each)] if len(each) >= _MANY else [(file,) for file in each])
    )


def with_kept_hashes(run: RecordedRun) -> RecordedRun:
    """A run whose datasets have the hash that its annotations keep of their only file."""
    kept = hashed_files(run.annotations)

    def known(file: RecordedFile, side: Side) -> RecordedFile:
        found = [
            each for each in kept if each.role == side and file.handle and each.dataset_id == file.handle
        ]
        if file.sha256 is not None or len(found) != 1:
            return file
        return file.model_copy(update={"sha256": found[0].sha256})

    return run.model_copy(
        update={
            "inputs": tuple(known(file, "input") for file in run.inputs),
            "outputs": tuple(known(file, "output") for file in run.outputs),
        }
    )


def program_of(run: RecordedRun) -> str:
    """What was run, by name."""
    return run.software[0].name if run.software else run.name


def _group_of(file: RecordedFile) -> str:
    """Numbered files of one folder belong together; a dataset that the document names stands for itself."""
    name = base_name(file)
    pattern = pattern_of(name)
    if pattern == name or file.handle or file.is_folder:
        return f"one|{file.id}|{file.sha256}"
    return f"many|{(file.path or file.url or '').rpartition('/')[0]}|{pattern}"
