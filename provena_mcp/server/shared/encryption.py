"""Seals what leaves the process and has to come back unchanged, with keys that all replicas share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from provena_mcp.errors import SettingsError

_NONCE: Final = 12
_SHORTEST: Final = 32


def sealing_keys(configured: SecretStr | None) -> tuple[str, ...]:
    """The configured keys, the newest first; one that only this process knows if there are none.

    Raises:
        SettingsError: A key is too short.
    """
    if configured is None:
        return (os.urandom(_SHORTEST).hex(),)
    keys = tuple(key.strip() for key in configured.get_secret_value().split(",") if key.strip())
    if not keys or min(map(len, keys)) < _SHORTEST or len(set(keys)) < len(keys):
        raise SettingsError(
            f"PROVENA_HTTP_KEY has to be {_SHORTEST} characters or more, each key once.",
            advice="Make one with: openssl rand -hex 32",
        )
    return keys


class Seal:
    """Encrypts for one purpose, so that nothing sealed for one can be used for another."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        """Seal with the first of ``keys``; open with any."""
        info = f"provena-mcp/{purpose}".encode()
        self._ciphers = [
            AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.encode()))
            for key in keys
        ]

    def close(self, content: bytes, context: str = "") -> bytes:
        """``content``, sealed; it opens only with the same ``context``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[0].encrypt(nonce, content, context.encode())

    def open(self, sealed: bytes, context: str = "") -> bytes | None:
        """What was sealed; none if this is not ours, or not for ``context``."""
        if len(sealed) <= _NONCE:
            return None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
            except InvalidTag:
                continue
        return None


def sealing_context(owner: str, key: str) -> str:
    """The one place that a stored value belongs to, so that none can be put in place of another."""
    return f"{len(owner)}:{owner}{key}"
