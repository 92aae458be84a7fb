"""Where the login of one deployment is kept between runs: the system's keyring, else a private file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_serializer

from provena_mcp.errors import FileRefusedError
from provena_mcp.file_lock import locked

_SERVICE: Final = "provena-mcp"
# Long enough for a person to unlock it, short enough for the call that waits.
_PATIENCE_SECONDS: Final = 30.0


class Keyring:
    """One secret for each account; nothing here ever raises because a keyring does not work."""

    async def get(self, account: str) -> SecretStr | None:
        """The secret; none if there is none or the keyring does not work."""
        found = await _keyring("get", account)
        return SecretStr(found) if found else None

    async def set(self, account: str, secret: SecretStr) -> bool:
        """Keep the secret; whether it can be read back, since some backends only pretend."""
        wanted = secret.get_secret_value()
        return await _keyring("set", account, wanted) is not None and await _keyring("get", account) == wanted

    async def delete(self, account: str) -> None:
        """Forget the secret, if there is one."""
        await _keyring("del", account)


async def _keyring(command: str, account: str, secret: str = "") -> str | None:
    """What the command printed, without the line's end; none if it failed or took too long."""
    try:
        # -P: a keyring.py in the directory the host starts us in must not be run.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "keyring", command, _SERVICE, account),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            printed, _ = await process.communicate(secret.encode())
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
    return printed.decode(errors="replace").rstrip("\r\n") if process.returncode == 0 else None


IN_KEYRING: Final = "the system's keyring"
_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class _SavedLogin(BaseModel):
    """What the file holds; realm and client are for its reader's eyes."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    realm: str
    client_id: str
    refresh_token: SecretStr

    @field_serializer("refresh_token", when_used="json")
    def _in_plain(self, token: SecretStr) -> str:
        return token.get_secret_value()


class LoginStore:
    """The refresh token of one deployment: a realm and the client that logs in to it.

    Only that is kept, never an access token. A file is there only while the keyring does not work,
    so a file that is there holds the newer login. Methods raise ``FileRefusedError`` where the file
    cannot be used, or where others could read it.
    """

    def __init__(
        self,
        realm: str,
        client_id: str,
        *,
        folder: Path | None = None,
        keyring: Keyring | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Keep the login to ``realm`` (its URL) as ``client_id``; nothing is touched yet.

        Args:
            realm: The realm's URL.
            client_id: The OAuth client.
            folder: Where files go, instead of the user's configuration folder.
            keyring: The keyring to try first.
            sleep: Waits for another process's turn to end.
        """
        self._realm = realm
        self._client_id = client_id
        self._account = f"{realm} {client_id}"
        self._keyring = keyring or Keyring()
        self._sleep = sleep
        folder = folder or platformdirs.user_config_path("provena-mcp") / "logins"
        digest = hashlib.sha256(self._account.encode()).hexdigest()[:12]
        self._path = folder / f"{urlsplit(realm).hostname}-{digest}.json"

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Keeps other processes from this login: a refresh token that rotates may be used only once."""
        return locked(self._path.with_suffix(".lock"), self._sleep)

    async def load(self) -> SecretStr | None:
        """The refresh token; none without a login."""
        return self._load_file() or await self._keyring.get(self._account)

    async def save(self, refresh_token: SecretStr) -> str:
        """Keep ``refresh_token`` instead of the one before; says where."""
        if await self._keyring.set(self._account, refresh_token):
            self._path.unlink(missing_ok=True)
            return IN_KEYRING
        self._save_file(refresh_token)
        return str(self._path)

    async def clear(self) -> None:
        """Forget the login, wherever it is kept."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused("cannot be removed", error) from error
        await self._keyring.delete(self._account)

    def _load_file(self) -> SecretStr | None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as file:
                self._require_private(os.fstat(descriptor))
                return _SavedLogin.model_validate_json(file.read()).refresh_token
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused("cannot be read", error) from error
        except ValidationError:
            raise FileRefusedError(
                f"The login file {str(self._path)!r} is damaged.",
                advice="Remove it, then run 'provena-mcp login'.",
            ) from None

    def _require_private(self, status: os.stat_result) -> None:
        if sys.platform == "win32":
            return  # the folder in the user's profile is what protects it there
        if status.st_mode & _FOR_OTHERS or status.st_uid != os.geteuid():
            raise FileRefusedError(
                f"The login file {str(self._path)!r} is open to others, so it is not used.",
                advice="Somebody may have read it: run 'provena-mcp logout', then 'provena-mcp login'.",
            )

    def _save_file(self, refresh_token: SecretStr) -> None:
        saved = _SavedLogin(realm=self._realm, client_id=self._client_id, refresh_token=refresh_token)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self._path, saved.model_dump_json().encode())
        except OSError as error:
            raise self._refused("cannot be written", error) from error

    def _refused(self, how: str, error: OSError) -> FileRefusedError:
        return FileRefusedError(
            f"The login file {str(self._path)!r} {how}: {error.strerror}.",
            advice="Check that it and its folder are yours and writable.",
        )


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` whole or not at all, readable by nobody else at any moment."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
