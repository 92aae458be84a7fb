"""The skills that ship with this package: their files, front matter and digests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

SKILLS: Final = ("provena",)
MAIN_FILE: Final = "SKILL.md"


@dataclass(frozen=True, slots=True)
class SkillFile:
    """One file of a skill.

    Attributes:
        path: Where it is in the skill's folder, with slashes.
        content: Its bytes.
    """

    path: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content as the Skills extension writes it."""
        return f"sha256:{sha256(self.content).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill: all its files, ``SKILL.md`` first."""

    name: str
    files: tuple[SkillFile, ...]

    @property
    def front_matter(self) -> dict[str, str]:
        """The fields between the rules at the top of ``SKILL.md``; ours are single lines of text."""
        head = self.files[0].content.decode().split("---\n")[1]
        fields = (line.partition(": ") for line in head.splitlines())
        return {name: json.loads(value) if value.startswith('"') else value for name, _, value in fields}


def read_skill(name: str) -> Skill:
    """A skill of ``SKILLS``."""
    found = sorted(_files(files("provena_mcp.skills").joinpath(name), ""), key=lambda file: file.path)
    return Skill(name, tuple(sorted(found, key=lambda file: file.path != MAIN_FILE)))


def _files(folder: Traversable, path: str) -> list[SkillFile]:
    found: list[SkillFile] = []
    for entry in folder.iterdir():
        place = f"{path}{entry.name}"
        if entry.is_dir():
            found += _files(entry, f"{place}/")
        else:
            found.append(SkillFile(place, entry.read_bytes()))
    return found
