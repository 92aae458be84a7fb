"""Running the command line as a process of its own, and a desk to log in at."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.login.desks import Desk
    from tests.oidc.protected import Protected

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path) -> Run:
    """Run ``python -m provena_mcp`` in an empty folder, with a store there and stdin at its end."""

    def run_it(*arguments: str, flags: tuple[str, ...] = (), **settings: str):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
        environment |= {"PROVENA_STORE": str(tmp_path / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, *flags, "-m", "provena_mcp", *arguments],
            env=environment | settings,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    return run_it


@pytest.fixture
def desk(protected: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose login the settings find: no keyring, files in a folder of the test's."""
    from tests.login.desks import Desk

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Desk(protected, tmp_path / "config" / "provena-mcp" / "logins")
