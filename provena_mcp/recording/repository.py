"""The git working tree that a run's program or folder is in, as it was when the run began."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from typing import Final

from provena_mcp.recording.captured import Repository
from provena_mcp.recording.secrets import mask_text

_PATIENCE: Final = 20.0
_CHUNK: Final = 1 << 20


class _GitError(Exception):
    """Git did not answer; the text says why."""


def repository_of(folder: str) -> Repository | None:
    """The repository that ``folder`` is in; none outside of one, or where there is no git.

    What git cannot say in time is unknown, and never clean.
    """
    try:
        root, is_bare = _root(folder)
    except (_GitError, FileNotFoundError):
        return None
    try:
        return _bare(root) if is_bare else _working_tree(root)
    except _GitError as error:
        return Repository(root, problem=str(error))


def _root(folder: str) -> tuple[str, bool]:
    answer = _git(folder, "rev-parse", "--is-bare-repository", "--absolute-git-dir").split("\n")
    if answer[0] == "true":
        return answer[1], True
    return _git(folder, "rev-parse", "--show-toplevel"), False


def _bare(root: str) -> Repository:
    return Repository(root, commit=_or_none(root, "rev-parse", "--verify", "HEAD"), remote=_remote(root))


def _working_tree(root: str) -> Repository:
    said = _git(
        root,
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=normal",
        "--ignore-submodules=none",
        "-z",
    )
    headers = dict(
        line[2:].split(" ", 1) for line in said.split("\0") if line.startswith("# ") and " " in line[2:]
    )
    commit = headers.get("branch.oid")
    commit = None if commit == "(initial)" else commit
    branch = headers.get("branch.head")
    changes = _changes(said)
    return Repository(
        root=root,
        commit=commit,
        branch=None if branch == "(detached)" else branch,
        described=_or_none(root, "describe", "--tags", "--always") if commit else None,
        remote=_remote(root),
        dirty=any(changes.values()),
        changes=_in_words(changes),
        diff_sha256=_diff_digest(root)
        if commit and (changes["modified"] or changes["submodule modified"])
        else None,
    )


def _changes(said: str) -> dict[str, int]:
    """How many files differ, by kind, from the lines of ``git status --porcelain=v2 -z``."""
    counts = {"modified": 0, "submodule modified": 0, "untracked": 0}
    entries = iter(said.split("\0"))
    for entry in entries:
        kind = entry[:2]
        if kind in ("1 ", "2 ", "u "):
            is_submodule = entry.split(" ", 3)[2].startswith("S")
            counts["submodule modified" if is_submodule else "modified"] += 1
            if kind == "2 ":
                next(entries, None)  # the name before the renaming
        elif kind == "? ":
            counts["untracked"] += 1
    return counts


def _in_words(changes: Mapping[str, int]) -> str | None:
    said = (
        f"{count} {kind if count == 1 else kind.replace('submodule', 'submodules')}"
        for kind, count in changes.items()
        if count
    )
    return ", ".join(said) or None


def _diff_digest(root: str) -> str:
    """The digest of the difference to the commit, that of submodules' files included."""
    digest = hashlib.sha256()
    command = _command(root, "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--submodule=diff")
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    ) as process:
        if process.stdout is not None:
            while chunk := process.stdout.read(_CHUNK):
                digest.update(chunk)
    if process.returncode:
        raise _GitError("git could not say what differs from the commit.")
    return digest.hexdigest()


def _remote(root: str) -> str | None:
    names = (_or_none(root, "remote") or "").split()
    if not names:
        return None
    name = "origin" if "origin" in names else names[0]
    address = _or_none(root, "remote", "get-url", name)
    return mask_text(address) if address else None


def _or_none(root: str, *arguments: str) -> str | None:
    try:
        return _git(root, *arguments) or None
    except _GitError:
        return None


def _git(folder: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            _command(folder, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _GitError(f"git took longer than {_PATIENCE:.0f} s.") from None
    except OSError as error:
        raise _GitError(f"git cannot be run: {error.strerror}.") from None
    if done.returncode:
        raise _GitError("git refused to say.")
    return os.fsdecode(done.stdout).removesuffix("\n")


def _command(folder: str, *arguments: str) -> list[str]:
    # A repository may name programs that git runs to look at it: none is.
    return ["git", "-C", folder, "-c", "core.fsmonitor=false", *arguments]


def _environment() -> dict[str, str]:
    return os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
