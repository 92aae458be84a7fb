"""The skills that ship with this package: their files, front matter and digests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

SKILLS: Final = ("provena",)
MAIN_FILE: Final = "SKILL.md"

# Not through importlib.resources, which takes longer than to read them: a host waits for the start.
_HERE: Final = Path(__file__).parent


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
    """One of ``SKILLS``, read from the package: its main file first, then the others by path."""
    folder = _HERE / name
    paths = sorted(
        (path.relative_to(folder).as_posix() for path in folder.rglob("*.md")),
        key=lambda path: (path != MAIN_FILE, path),
    )
    return Skill(name, tuple(SkillFile(path, (folder / path).read_bytes()) for path in paths))
