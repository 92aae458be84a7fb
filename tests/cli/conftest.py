"""The command line in a folder of its own, and a desk to log in at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import CommandLine

if TYPE_CHECKING:
    from tests.login.desks import Desk
    from tests.oidc.protected import Protected


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """Run ``provena-mcp`` in an empty folder, with a store there."""
    return CommandLine(
        tmp_path, {"PROVENA_STORE": str(tmp_path / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
    )


@pytest.fixture
def desk(protected: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose login the settings find: no keyring, files in a folder of the test's."""
    from tests.login.desks import Desk

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Desk(protected, tmp_path / "config" / "provena-mcp" / "logins")
