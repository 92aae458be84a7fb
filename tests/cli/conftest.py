"""Running the command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

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
