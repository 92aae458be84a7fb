"""``provena-mcp local pull`` as people run it, and what they ask afterwards, the deployment being away."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from tests.cli.command_line import CommandLine
from tests.embedded.server_process import free_port, serving


@pytest.mark.slow
def test_a_mirror_is_pulled_over_http_and_asked_offline(tmp_path: Path) -> None:
    store = Store(tmp_path / "deployment.sqlite3")
    load_items(store, sample_source())
    store.close()
    port, mirror = free_port(), tmp_path / "mirror.sqlite3"
    addresses = {
        f"PROVENA_{name.upper()}_API": f"http://127.0.0.1:{port}{path}" for name, path in BASE_PATHS.items()
    }
    line = CommandLine(tmp_path, {**addresses, "COLUMNS": "200", "NO_COLOR": "1"})
    with serving(store.path, port):
        first = line("local", "pull", "--mirror", str(mirror))
        assert (first.returncode, first.stdout) == (0, "")
        assert "125 items, 125 new or changed, 0 gone; every item was looked at." in first.stderr
        assert f"PROVENA_MIRROR={mirror} has the server read it." in first.stderr
        again = line("local", "pull", PROVENA_MIRROR=str(mirror))
        assert "125 items, 0 new or changed, 0 gone; updates only." in again.stderr
        assert "has the server read it" not in again.stderr
    asked = line("ask", "upstream", "sample/1000117", PROVENA_MIRROR=str(mirror))
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "From a mirror; its age: less than a minute" in asked.stdout
    away = line("local", "pull", PROVENA_MIRROR=str(mirror))
    assert away.returncode == 4
    assert "No connection to prov-api" in away.stderr


def test_without_a_deployment_there_is_nothing_to_pull(tmp_path: Path) -> None:
    done = CommandLine(tmp_path, {})("local", "pull")
    assert done.returncode == 2
    assert "There is no deployment to pull from." in done.stderr
