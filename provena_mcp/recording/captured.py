"""What a capture says: one run, its files, and how much of it was seen.

Plain dataclasses and the standard library only, as all of this floor: a command that is recorded waits for
the imports. Times are Unix seconds, sizes bytes, paths absolute; bytes of a path that are no UTF-8 are
surrogates, as ``os.fsdecode`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Level = Literal["declared", "watched", "python", "strace"]
LEVELS: Final[tuple[Level, ...]] = ("declared", "watched", "python", "strace")

FileRole = Literal["input", "output", "code"]
RunState = Literal["unfinished", "completed", "failed"]


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held at one moment; ``problem`` says why there is no hash."""

    sha256: str | None = None
    size: int | None = None
    modified: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """A file of the run: what it was to it, who saw that, and what is worth knowing of it.

    Attributes:
        earlier: Whether this is what an input held before the run rewrote or removed it.
    """

    path: str
    role: FileRole
    content: Content
    levels: tuple[Level, ...]
    remark: str | None = None
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """A git working tree when the run began.

    Attributes:
        dirty: Whether it differed from its commit or held files git does not know; none if git could not say.
        changes: What differed, in words.
        diff_sha256: Of the difference to the commit, submodules' included; none where there is none.
    """

    root: str
    commit: str | None = None
    branch: str | None = None
    described: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    changes: str | None = None
    diff_sha256: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was imported."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that ran, and what was imported of what is installed there."""

    executable: str
    version: str
    packages: tuple[Package, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """What the run ran in.

    Attributes:
        container_image: Of the container it was in, where that is known.
        facts: Of the machine, by name: whether it is a container; more only where it was asked for.
        variables: Environment variables that were asked for.
    """

    interpreters: tuple[Interpreter, ...] = ()
    container_image: str | None = None
    facts: dict[str, str] = field(default_factory=dict[str, str])
    variables: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Who:
    """Who ran it: a name, and the handle of a Person where a login told."""

    name: str
    email: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """One run as it was seen; secrets are masked before they get here.

    Attributes:
        name: Of its folder, by which it is known.
        program: What was run, for people: a script, or the command's own name.
        program_path: Where that lies; none for what is no file.
        not_observed: What could not be seen, or is uncertain, a sentence each.
    """

    name: str
    title: str
    command: tuple[str, ...]
    program: str
    folder: str
    started: float
    program_path: str | None = None
    ended: float | None = None
    state: RunState = "unfinished"
    exit_code: int | None = None
    error: str | None = None
    levels: tuple[Level, ...] = ()
    not_observed: tuple[str, ...] = ()
    files: tuple[CapturedFile, ...] = ()
    repositories: tuple[Repository, ...] = ()
    environment: Environment = Environment()
    who: Who | None = None
