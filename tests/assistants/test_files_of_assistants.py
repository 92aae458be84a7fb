"""An assistant's file is never spoilt: broken, linked, written by others meanwhile, or without room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_mcp.assistants.files import Files
from provena_mcp.errors import FileRefusedError
from tests.assistants.installations import NOON, installation, put, read, take, write
from tests.assistants.settings_files import REAL

BROKEN: dict[str, str | bytes] = {
    "cut": '{"mcpServers": {',
    "a list": "[]",
    "another key": '{"mcpServers": "none"}',
    "UTF-16": '{"mcpServers": {}}'.encode("utf-16"),
    "binary": b"\x00\x01\xff",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_left_as_it_is(content: str | bytes, tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, content)
    before = place.read_bytes()
    with pytest.raises(FileRefusedError, match="was left as it is") as refusal:
        put(into)
    assert refusal.value.advice == "Mend the file, or add the entry below by hand; nothing was changed."
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_a_read_only_file_is_left_as_it_is(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    place.chmod(0o444)
    with pytest.raises(FileRefusedError, match="is read-only"):
        put(into)
    assert (place.read_text(), list(place.parent.iterdir())) == (REAL["cursor"], [place])


def test_a_folder_in_place_of_the_file_is_left_as_it_is(tmp_path: Path):
    into = installation("cursor", tmp_path)
    (tmp_path / ".cursor/mcp.json").mkdir(parents=True)
    with pytest.raises(FileRefusedError, match="cannot be read"):
        put(into)


@pytest.mark.skipif(os.name != "posix", reason="links and permissions as on POSIX systems")
def test_a_link_is_followed_and_permissions_are_kept(tmp_path: Path):
    kept = tmp_path / "dotfiles/cursor.json"
    kept.parent.mkdir()
    kept.write_text(REAL["cursor"])
    kept.chmod(0o640)
    link = tmp_path / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to(kept)
    outcome = put(installation("cursor", tmp_path))
    assert link.is_symlink()
    assert "provena" in read(kept)["mcpServers"]
    backup = tmp_path / "dotfiles/cursor.json.20260301-120005.bak"
    assert (outcome.backup, backup.read_text()) == (backup, REAL["cursor"])
    assert (kept.stat().st_mode & 0o777, backup.stat().st_mode & 0o777) == (0o640, 0o640)


@pytest.mark.skipif(os.name != "posix", reason="links as on POSIX systems")
def test_a_link_that_leads_to_itself_is_left_as_it_is(tmp_path: Path):
    link = tmp_path / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to(link)
    with pytest.raises(FileRefusedError):
        put(installation("cursor", tmp_path))
    assert link.is_symlink()


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path):
    files = Files(locks=tmp_path / "locks")
    long = tmp_path / ("x" * 254)
    with pytest.raises(FileRefusedError, match="cannot be written: File name too long"):
        asyncio.run(files.change(long, lambda _: b"x"))
    long.write_text("x")
    with pytest.raises(FileRefusedError, match="cannot be copied: File name too long"):
        files.keep(long)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["locks", long.name]


def test_backups_of_one_second_do_not_replace_each_other(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    backups = [put(into).backup, take(into).backup, put(into).backup]
    assert [backup.name for backup in backups if backup] == [
        "mcp.json.20260301-120005.bak",
        "mcp.json.20260301-120005-2.bak",
        "mcp.json.20260301-120005-3.bak",
    ]
    assert len(list(place.parent.iterdir())) == 4


def test_without_room_for_a_backup_nothing_is_changed_and_nothing_left_behind(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    for again in ("", *(f"-{number}" for number in range(2, 1000))):
        place.with_name(f"mcp.json.20260301-120005{again}.bak").touch()
    with pytest.raises(FileRefusedError, match="too many backups"):
        put(into)
    assert (place.read_bytes().decode(), len(list(place.parent.iterdir()))) == (REAL["cursor"], 1000)


@pytest.mark.asyncio
async def test_two_installs_at_once_both_count(tmp_path: Path):
    files = Files(clock=lambda: NOON, locks=tmp_path / "locks")
    place = tmp_path / "mcp.json"
    place.write_text("")

    def adding(word: str) -> Callable[[bytes], bytes]:
        return lambda content: content + word.encode()

    await asyncio.gather(*(files.change(place, adding(word)) for word in "abcdefgh"))
    assert sorted(place.read_text()) == list("abcdefgh")


def test_what_a_running_assistant_writes_meanwhile_is_kept(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    theirs = REAL["cursor"].replace('"files"', '"fresh"')
    seen: list[bytes] = []

    def edit(content: bytes) -> bytes:
        seen.append(content)
        if len(seen) == 1:
            place.write_text(theirs)  # the assistant saves its settings now
        return content + b"\n"

    asyncio.run(into.files.change(place, edit))
    assert seen == [REAL["cursor"].encode(), theirs.encode()]
    assert place.read_text() == theirs + "\n"
    assert [path.read_text() for path in place.parent.glob("*.bak")] == [theirs]


def test_a_file_that_never_rests_is_left_to_its_assistant(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, "0")

    def edit(content: bytes) -> bytes:
        place.write_bytes(str(int(content) + 1).encode())
        return b"ours"

    with pytest.raises(FileRefusedError, match="Another program keeps writing"):
        asyncio.run(into.files.change(place, edit))
    assert place.read_text() == "5"
    assert list(place.parent.iterdir()) == [place]
