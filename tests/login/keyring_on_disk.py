"""A backend for the ``keyring`` package that works without a desktop, and two that do not work."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.compat import properties


class Keyring(KeyringBackend):
    """Keeps its secrets in the file named by KEYRING_FILE."""

    @properties.classproperty
    def priority(cls) -> float:
        return 1

    def get_password(self, service: str, username: str) -> str | None:
        return self._secrets().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._secrets() | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        secrets = self._secrets()
        del secrets[f"{service} {username}"]
        self._write(secrets)

    def _secrets(self) -> dict[str, str]:
        file = Path(os.environ["KEYRING_FILE"])
        return json.loads(file.read_text()) if file.exists() else {}

    def _write(self, secrets: dict[str, str]) -> None:
        Path(os.environ["KEYRING_FILE"]).write_text(json.dumps(secrets))


class Forgetful(Keyring):
    """Says that it kept a secret, and has not."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Talkative(Keyring):
    """Prints where only protocol may be printed, then breaks."""

    def get_password(self, service: str, username: str) -> str | None:
        sys.stdout.write("Unlocking ...\n")
        raise RuntimeError("no desktop")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)
