"""Where a login is kept between runs."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from provena_mcp.client.login.login_store import IN_KEYRING, Keyring, LoginStore
from provena_mcp.errors import FileRefusedError

REALM = "https://auth.example.org/auth/realms/reef"
TOKEN = SecretStr("a-refresh-token")
NEWER = SecretStr("a-newer-refresh-token")
BACKENDS = Path(__file__).parent


class Drawer(Keyring):
    """A keyring in memory; ``broken`` ones keep nothing."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.secrets: dict[str, SecretStr] = {}

    async def get(self, account: str) -> SecretStr | None:
        return self.secrets.get(account)

    async def set(self, account: str, secret: SecretStr) -> bool:
        if not self.broken:
            self.secrets[account] = secret
        return not self.broken

    async def delete(self, account: str) -> None:
        self.secrets.pop(account, None)


def store(folder: Path, keyring: Keyring | None = None, **names: str) -> LoginStore:
    realm, client_id = names.get("realm", REALM), names.get("client_id", "client-tools")
    return LoginStore(realm, client_id, folder=folder / "logins", keyring=keyring or Drawer(broken=True))


def files(folder: Path) -> list[Path]:
    return sorted((folder / "logins").glob("*.json"))


@pytest.mark.asyncio
async def test_nothing_is_touched_before_it_is_needed(tmp_path: Path):
    store(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_a_working_keyring_keeps_the_login_and_no_file_is_left(tmp_path: Path):
    keyring = Drawer()
    assert await store(tmp_path, keyring).save(TOKEN) == IN_KEYRING
    assert await store(tmp_path, keyring).load() == TOKEN
    assert keyring.secrets == {f"{REALM} client-tools": TOKEN}
    assert files(tmp_path) == []


@pytest.mark.asyncio
async def test_without_a_keyring_a_private_file_keeps_it(tmp_path: Path):
    where = await store(tmp_path).save(TOKEN)
    (file,) = files(tmp_path)
    assert where == str(file)
    assert await store(tmp_path).load() == TOKEN
    assert json.loads(file.read_text()) == {
        "realm": REALM,
        "client_id": "client-tools",
        "refresh_token": "a-refresh-token",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="the profile's folder protects files there")
@pytest.mark.asyncio
async def test_the_file_and_its_folder_are_for_their_owner_only_whatever_the_umask(tmp_path: Path):
    before = os.umask(0)
    try:
        await store(tmp_path).save(TOKEN)
        async with store(tmp_path).turn():
            pass
    finally:
        os.umask(before)
    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "logins").iterdir()}
    assert modes == {".json": 0o600, ".lock": 0o600}
    assert stat.S_IMODE((tmp_path / "logins").stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="the profile's folder protects files there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
@pytest.mark.asyncio
async def test_a_file_that_others_could_read_is_refused_until_a_new_login_replaces_it(
    tmp_path: Path, mode: int
):
    await store(tmp_path).save(TOKEN)
    (file,) = files(tmp_path)
    file.chmod(mode)
    with pytest.raises(FileRefusedError, match="open to others, so it is not used") as caught:
        await store(tmp_path).load()
    assert "provena-mcp logout" in caught.value.advice
    await store(tmp_path).save(NEWER)
    assert await store(tmp_path).load() == NEWER


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.asyncio
async def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path):
    await store(tmp_path).save(TOKEN)
    (file,) = files(tmp_path)
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(FileRefusedError, match="cannot be read"):
        await store(tmp_path).load()


@pytest.mark.asyncio
async def test_deployments_and_clients_do_not_see_each_others_login(tmp_path: Path):
    await store(tmp_path).save(TOKEN)
    others = [
        store(tmp_path, realm="https://auth.example.org/auth/realms/other"),
        store(tmp_path, client_id="another-client"),
    ]
    assert [await other.load() for other in others] == [None, None]
    await others[0].save(NEWER)
    assert await store(tmp_path).load() == TOKEN


@pytest.mark.asyncio
async def test_a_keyring_that_stops_working_does_not_bring_back_an_older_login(tmp_path: Path):
    keyring = Drawer()
    await store(tmp_path, keyring).save(TOKEN)
    keyring.broken = True
    await store(tmp_path, keyring).save(NEWER)
    keyring.broken = False
    assert await store(tmp_path, keyring).load() == NEWER
    await store(tmp_path, keyring).save(TOKEN)
    assert (await store(tmp_path, keyring).load(), files(tmp_path)) == (TOKEN, [])


@pytest.mark.asyncio
async def test_a_login_is_forgotten_wherever_it_is(tmp_path: Path):
    keyring = Drawer()
    await store(tmp_path, keyring).save(TOKEN)
    await store(tmp_path).save(TOKEN)
    await store(tmp_path, keyring).clear()
    assert (await store(tmp_path, keyring).load(), keyring.secrets, files(tmp_path)) == (None, {}, [])
    await store(tmp_path, keyring).clear()


@pytest.mark.asyncio
@pytest.mark.parametrize("content", ["", "{", '{"realm": "x"}', '"a-refresh-token"'])
async def test_a_damaged_file_is_told_without_its_content(tmp_path: Path, content: str):
    await store(tmp_path).save(TOKEN)
    (file,) = files(tmp_path)
    file.write_text(content)
    with pytest.raises(FileRefusedError, match="is damaged") as caught:
        await store(tmp_path).load()
    assert "a-refresh-token" not in repr(caught.value)


@pytest.mark.asyncio
async def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "logins").write_text("a file where the folder should be")
    with pytest.raises(FileRefusedError, match="cannot be written"):
        await store(tmp_path).save(TOKEN)
    with pytest.raises(FileRefusedError, match="cannot be made"):
        async with store(tmp_path).turn():
            pass


@pytest.mark.asyncio
async def test_a_failed_save_leaves_the_old_login_and_no_rubbish(tmp_path: Path):
    await store(tmp_path).save(TOKEN)
    (file,) = files(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(FileRefusedError, match="cannot be written"):
        await store(tmp_path).save(NEWER)
    assert list((tmp_path / "logins").iterdir()) == [file]


@pytest.mark.asyncio
async def test_processes_take_turns(tmp_path: Path):
    """A process that holds the turn; this one waits, and has it when that one is gone."""
    path = tmp_path / "logins"
    holding = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from provena_mcp.client.login.login_store import LoginStore\n"
        "async def main():\n"
        f"    async with LoginStore({REALM!r}, 'client-tools', folder=Path({str(path)!r})).turn():\n"
        "        print('mine', flush=True)\n"
        "        sys.stdin.readline()\n"
        "asyncio.run(main())\n"
    )
    naps = 0

    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"

        async def nap(seconds: float) -> None:
            nonlocal naps
            naps += 1
            holder.kill()
            await asyncio.to_thread(holder.wait)

        async with LoginStore(REALM, "client-tools", folder=path, sleep=nap).turn():
            assert (naps, holder.returncode is not None) == (1, True)


@pytest.mark.asyncio
async def test_a_turn_that_never_comes_is_an_error_not_a_hang(tmp_path: Path):
    async def nap(seconds: float) -> None:
        pass

    async with store(tmp_path).turn():
        with pytest.raises(FileRefusedError, match="for a minute"):
            async with LoginStore(REALM, "client-tools", folder=tmp_path / "logins", sleep=nap).turn():
                pass


@pytest.fixture
def system_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The real ``keyring`` package with a backend of ours."""

    def choose(backend: str) -> Keyring:
        monkeypatch.setenv("PYTHONPATH", str(BACKENDS))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
        monkeypatch.setenv("KEYRING_FILE", str(tmp_path / "keyring.json"))
        return Keyring()

    return choose


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_systems_keyring_is_used_where_it_works(tmp_path: Path, system_keyring):
    keyring = system_keyring("keyring_on_disk.Keyring")
    assert await store(tmp_path, keyring).load() is None
    assert await store(tmp_path, keyring).save(TOKEN) == IN_KEYRING
    assert await store(tmp_path, keyring).load() == TOKEN
    assert json.loads((tmp_path / "keyring.json").read_text()) == {
        f"provena-mcp {REALM} client-tools": "a-refresh-token"
    }
    await store(tmp_path, keyring).clear()
    assert await store(tmp_path, keyring).load() is None


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.fail.Keyring",
        "keyring.backends.null.Keyring",
        "keyring_on_disk.Forgetful",
        "keyring_on_disk.Talkative",
        "no_such_module.Keyring",
    ],
)
async def test_a_keyring_that_does_not_work_gives_way_to_the_file(
    tmp_path: Path, system_keyring, capfd: pytest.CaptureFixture[str], backend: str
):
    keyring = system_keyring(backend)
    where = await store(tmp_path, keyring).save(TOKEN)
    assert where == str(files(tmp_path)[0])
    assert await store(tmp_path, keyring).load() == TOKEN
    await store(tmp_path, keyring).clear()
    assert await store(tmp_path, keyring).load() is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.asyncio
async def test_a_keyring_module_in_the_working_directory_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "keyring.py").write_text("open('was-run', 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    await store(tmp_path, Keyring()).save(TOKEN)
    assert not (tmp_path / "was-run").exists()
