"""What a capture says of git: which commit, what differs from it, and never clean of what is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from provena_mcp.recording.captured import Repository
from provena_mcp.recording.repository import repository_of
from tests.cli.command_line import CommandLine
from tests.recording.captures import only_run


@pytest.fixture
def tree(work: Path) -> Path:
    """A clean working tree with one commit, and a remote."""
    _git(work, "init", "-q", "-b", "main")
    (work / "model.py").write_text("print(1)\n")
    _git(work, "add", ".")
    _commit(work, "first")
    _git(work, "remote", "add", "origin", "https://me:s3cr3t@example.org/model.git")
    return work


def test_a_clean_tree_is_its_commit(tree: Path) -> None:
    _git(tree, "tag", "v1.2")
    commit = _git(tree, "rev-parse", "HEAD")
    assert repository_of(str(tree)) == Repository(
        root=str(tree),
        commit=commit,
        branch="main",
        described="v1.2",
        remote="https://[masked]@example.org/model.git",
        dirty=False,
    )


def test_changes_have_a_digest_and_files_that_git_does_not_know_count(tree: Path) -> None:
    (tree / "model.py").write_text("print(2)\n")
    changed = _known(tree)
    (tree / "model.py").write_text("print(3)\n")
    otherwise = _known(tree)
    (tree / "new.py").write_text("")
    untracked = _known(tree)
    assert (changed.dirty, changed.changes) == (True, "1 modified")
    assert changed.diff_sha256 != otherwise.diff_sha256
    assert (untracked.dirty, untracked.changes) == (True, "1 modified, 1 untracked")


def test_staged_and_renamed_files_are_changes(tree: Path) -> None:
    _git(tree, "mv", "model.py", "renamed.py")
    assert (_known(tree).dirty, _known(tree).changes) == (True, "1 modified")


def test_a_detached_head_has_no_branch_and_a_new_repository_no_commit(tree: Path, tmp_path: Path) -> None:
    _git(tree, "checkout", "-q", "--detach")
    assert (_known(tree).branch, _known(tree).dirty) == (None, False)
    empty = tmp_path / "empty"
    empty.mkdir()
    _git(empty, "init", "-q", "-b", "main")
    assert (_known(empty).commit, _known(empty).branch, _known(empty).dirty) == (None, "main", False)


def test_a_change_inside_a_submodule_makes_the_tree_dirty(tree: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    _git(library, "init", "-q", "-b", "main")
    (library / "part.py").write_text("1\n")
    _git(library, "add", ".")
    _commit(library, "part")
    _git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "library")
    _commit(tree, "with library")
    assert _known(tree).dirty is False
    (tree / "library" / "part.py").write_text("2\n")
    changed = _known(tree)
    assert (changed.dirty, changed.changes) == (True, "1 submodule modified")
    assert changed.diff_sha256 is not None


def test_another_working_tree_and_a_folder_below_are_told_by_their_own_root(
    tree: Path, tmp_path: Path
) -> None:
    _git(tree, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "sub").mkdir()
    side = _known(tmp_path / "side" / "sub")
    assert (side.root, side.branch, side.commit) == (
        str(tmp_path / "side"),
        "side",
        _git(tree, "rev-parse", "HEAD"),
    )


def test_a_bare_repository_is_neither_clean_nor_dirty_and_no_repository_is_none(
    tree: Path, tmp_path: Path
) -> None:
    _git(tmp_path, "clone", "-q", "--bare", str(tree), "bare.git")
    bare = _known(tmp_path / "bare.git")
    assert (bare.dirty, bare.commit) == (None, _git(tree, "rev-parse", "HEAD"))
    assert repository_of(str(tmp_path)) is None


def test_a_tree_that_git_cannot_read_is_never_clean(tree: Path) -> None:
    (tree / ".git" / "index").write_bytes(b"damaged")
    assert (_known(tree).dirty, _known(tree).problem) == (None, "git refused to say.")


def test_a_run_states_the_commit_of_its_program_though_it_runs_elsewhere(
    run: CommandLine, tree: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    commit = _git(tree, "rev-parse", "HEAD")
    there = CommandLine(scratch, run.settings)
    there(
        "record",
        "--",
        "python",
        str(tree / "model.py"),
        PROVENA_CAPTURES=str(scratch / ".provena" / "captures"),
    )
    software = only_run(scratch).software[0]
    assert (software.commit, software.dirty) == (commit, False)
    assert software.repository == "https://[masked]@example.org/model.git"


def test_captures_do_not_make_the_next_run_dirty(run: CommandLine, tree: Path) -> None:
    run("record", "--", "true")
    assert _known(tree).dirty is False
    assert only_run(tree).software[0].dirty is False


def _known(folder: Path) -> Repository:
    known = repository_of(str(folder))
    assert known is not None
    return known


def _commit(folder: Path, words: str) -> None:
    _git(folder, "-c", "user.name=Jane", "-c", "user.email=jane@example.org", "commit", "-q", "-m", words)


def _git(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
