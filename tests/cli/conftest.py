"""The command line in a folder of its own, and a laptop to log in at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import CommandLine

if TYPE_CHECKING:
    from tests.login.laptop import Laptop
    from tests.oidc.protected import Protected


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    """Run ``provena-mcp`` in an empty folder, with a store there."""
    return CommandLine(
        tmp_path, {"PROVENA_STORE": str(tmp_path / "store.sqlite"), "COLUMNS": "100", "NO_COLOR": "1"}
    )


@pytest.fixture
def laptop(protected: Protected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A laptop whose login the settings find: no keyring, files in a folder of the test's."""
    from tests.login.laptop import Laptop

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return Laptop(protected, tmp_path / "config" / "provena-mcp" / "logins")
