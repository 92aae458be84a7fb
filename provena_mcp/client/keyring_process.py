"""The operating system's keyring, asked through the ``keyring`` package in a process of its own.

A keyring backend is other people's code, talking to a desktop that may not be there: in its own
process it can neither print on our stdout nor hang or crash the server, and what is not installed
simply does not work.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from pydantic import SecretStr

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
