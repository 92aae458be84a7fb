"""The official Python client works against ``provena-mcp local serve``.

Runs where PROVENA_INTEROP is set, because it installs the client, which pins other versions than this
project, into a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from tests.clients.environments import Environment, NotInstalledError
from tests.embedded.server_process import free_port, serving
from tests.worlds.small import creation
from tests.worlds.writable import a_record, writable_world

CLIENT = "provenaclient==0.29.*"
SCRIPT = Path(__file__).with_name("official_client.py")

# Defects of the client: it reads versions as something else, and asks for a lock's history for its status.
BROKEN_IN_THE_CLIENT = ("registry.get_current_provena_version", ".get_lock_status")

pytestmark = pytest.mark.skipif("PROVENA_INTEROP" not in os.environ, reason="PROVENA_INTEROP is not set")


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of a virtual environment with the client in it."""
    environment = Environment("official-client", "python", (CLIENT,))
    try:
        return Path(environment.command(environment.install()))
    except NotInstalledError as error:
        pytest.skip(f"the client cannot be installed: {error}")


@pytest.mark.slow
def test_every_operation_works_but_those_that_the_client_itself_breaks(python: Path, tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    store = Store(path)
    load_items(store, Source((*writable_world(), creation("w/c-model", "w/model", 6))))
    store.close()
    record = tmp_path / "record.json"
    record.write_text(json.dumps(a_record()), "utf-8")
    port = free_port()
    with serving(path, port):
        command = [str(python), str(SCRIPT), f"http://127.0.0.1:{port}", str(tmp_path), str(record)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stdout)
    failed = {name: outcome for name, outcome in answered["outcomes"].items() if outcome != "ok"}
    sys.stdout.write(f"{len(answered['outcomes'])} operations tried, {len(failed)} failed\n")
    assert {
        name: outcome for name, outcome in failed.items() if not name.endswith(BROKEN_IN_THE_CLIENT)
    } == {}
    assert answered["untried"] == []
