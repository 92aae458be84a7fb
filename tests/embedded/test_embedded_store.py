"""Opening a store file: new, foreign, damaged, forbidden, and by several processes at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import httpx
import pytest

from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of files are those of POSIX")

_OPEN = """
import sys
from pathlib import Path
from provena_mcp.embedded.store import Store
Store(Path(sys.argv[1]))
"""

_OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
if os.geteuid() == 0:
    os.setuid(65534)
try:
    Store(Path(sys.argv[1]))
except StoreError as error:
    print(error.message, error.advice)
"""


def _refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(StoreError) as refused:
        Store(path)
    return refused.value.message, refused.value.advice


def test_a_new_store_is_made_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Store(path).close()
    store = Store(path)
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (0,)
    store.close()


def test_a_file_that_is_not_sqlite_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    assert _refusal(path) == (
        f"The store {str(path)!r} is not an SQLite file.",
        "Check the path, or name another file with --store or PROVENA_STORE.",
    )
    assert path.read_text() == "dear diary, " * 100


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    before = path.read_bytes()
    assert _refusal(path) == (
        f"{str(path)!r} is an SQLite file of another program.",
        "Name another file with --store or PROVENA_STORE; this one was not touched.",
    )
    assert path.read_bytes() == before


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        known = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert _refusal(path) == (
        f"The store {str(path)!r} has schema version 999; this provena-mcp knows up to {known}.",
        "Upgrade provena-mcp, or name another file with --store or PROVENA_STORE.",
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    assert _refusal(folder / "store.sqlite3") == (
        f"There is no directory {str(folder)!r} for the store.",
        "Create it, or name another file with --store or PROVENA_STORE.",
    )


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert _refusal(tmp_path)[0] == f"The store {str(tmp_path)!r} is no file, but a folder."


def test_a_store_that_may_not_be_written_is_refused() -> None:
    # Root may write anything, so the one who asks becomes nobody first.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        Store(path).close()
        path.chmod(0o444)
        Path(folder).chmod(0o755)
        asked = subprocess.run(
            [sys.executable, "-c", _OPEN_AS_NOBODY, str(path)], capture_output=True, text=True, check=True
        )
    assert asked.stdout == (
        f"The store {str(path)!r} cannot be written. "
        "Give yourself write permission, or name another file with --store or PROVENA_STORE.\n"
    )


def test_processes_that_make_the_same_store_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    makers = [subprocess.Popen([sys.executable, "-c", _OPEN, str(path)]) for _ in range(4)]
    assert [maker.wait(timeout=60) for maker in makers] == [0, 0, 0, 0]


def test_a_failed_transaction_leaves_nothing_behind(store: Store) -> None:
    def work() -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO user_link VALUES ('jane', 'w/jane')")
            raise KeyError

    with pytest.raises(KeyError):
        work()
    with store.read() as connection:
        assert connection.execute("SELECT * FROM user_link").fetchall() == []


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    def write() -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO user_link VALUES ('jane', 'w/jane')")

    with store.read() as connection:
        before = connection.execute("SELECT count(*) FROM user_link").fetchone()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert (before, connection.execute("SELECT count(*) FROM user_link").fetchone()) == ((0,), (0,))
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM user_link").fetchone() == (1,)


def test_a_failure_of_sqlite_says_which_store_failed(store: Store) -> None:
    with pytest.raises(StoreError) as failed, store.read() as connection:
        connection.execute("SELECT * FROM absent")
    assert failed.value.message == f"The store {str(store.path)!r} failed: no such table: absent."


# Who may read it


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@posix
def test_a_store_and_the_files_beside_it_are_their_owners_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite3")
    with store.write() as connection:
        connection.execute("INSERT INTO user_link VALUES ('jane', 'w/jane')")
    assert _modes(tmp_path) == {
        "store.sqlite3": 0o600,
        "store.sqlite3-wal": 0o600,
        "store.sqlite3-shm": 0o600,
    }
    store.close()


@posix
def test_a_store_of_before_is_taken_from_the_world_but_not_from_a_group(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    Store(path).close()
    path.chmod(0o664)
    Store(path).close()
    assert _modes(tmp_path) == {"store.sqlite3": 0o660}


# Without a file, or with a name that none can have


def test_a_store_in_memory_makes_no_file_and_serves_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(Path(":memory:"))
    seen: list[int] = []

    def use(number: int) -> None:
        with store.write() as connection:
            connection.execute("INSERT INTO user_link VALUES (?, 'w/jane')", (f"user {number}",))
        with store.read() as connection:
            seen.append(connection.execute("SELECT count(*) FROM user_link").fetchone()[0])

    threads = [threading.Thread(target=use, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert (max(seen), len(seen), list(tmp_path.iterdir())) == (20, 20, [])


@pytest.mark.parametrize(
    ("name", "reason"), [("s" * 300, "File name too long"), ("a\0b", "no file can have such a name")]
)
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    message, advice = _refusal(tmp_path / name)
    assert (message.endswith(f"cannot be opened: {reason}."), len(message) < 200) == (True, True)
    assert advice == "Name another file with --store or PROVENA_STORE."


# A server over a store that cannot be opened


@pytest.mark.asyncio
async def test_a_store_that_cannot_be_opened_is_told_by_every_call_until_it_can(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_text("dear diary")
    provena = EmbeddedProvena(path)
    with pytest.raises(StoreError, match="is not an SQLite file"):
        provena.count_items()
    async with provena.on_demand() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://embedded") as client:
            failed = [await client.get("/prov-api/") for _ in range(2)]
            path.unlink()
            mended = await client.get("/prov-api/")
    assert [(answer.status_code, answer.json()) for answer in failed] == [
        (
            500,
            {
                "detail": f"The store {str(path)!r} is not an SQLite file. "
                "Check the path, or name another file with --store or PROVENA_STORE.",
                "store": {
                    "message": f"The store {str(path)!r} is not an SQLite file.",
                    "advice": "Check the path, or name another file with --store or PROVENA_STORE.",
                },
            },
        )
    ] * 2
    assert mended.status_code == 200
