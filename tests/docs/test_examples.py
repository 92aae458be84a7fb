"""The examples run as they are."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from tests.embedded.server_process import free_port, serving

EXAMPLES = Path(__file__).parents[2] / "examples"
RESULT = "sample/1000117"


def run(name: str, *arguments: str, folder: Path, **settings: str) -> str:
    """What an example prints."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PROVENA_")}
    ended = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        cwd=folder,
        env=kept | {"PROVENA_STORE": str(folder / "store.sqlite3")} | settings,
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_every_example_is_named_and_run_here():
    readme, tests = (EXAMPLES / "README.md").read_text("utf-8"), Path(__file__).read_text("utf-8")
    for example in EXAMPLES.glob("*.py"):
        assert example.name in readme
        assert f'"{example.name}"' in tests


@pytest.mark.slow
def test_a_program_asks_over_mcp(tmp_path: Path):
    first, *rows = run("ask_over_mcp.py", folder=tmp_path).splitlines()
    assert first == f"{len(rows)} datasets, and more farther back"
    assert "  2  Coral cover ssp585 with outplanting, 2025-2050 (sample/1000112)" in rows


@pytest.mark.slow
def test_a_simulation_registers_its_run(tmp_path: Path):
    shown, done = run("register_at_the_end.py", "--yes", folder=tmp_path).splitlines()
    assert shown.startswith("To register: Nightly currents, ")
    assert re.fullmatch(r"Registered as local/\d+\.", done)


@pytest.mark.slow
def test_the_client_alone_names_who_is_to_be_credited(tmp_path: Path):
    path = tmp_path / "served.sqlite3"
    store = Store(path)
    load_items(store, sample_source())
    store.close()
    port = free_port()
    with serving(path, port):
        services = {"PROV": "prov-api", "REGISTRY": "registry-api", "JOB": "job-api", "SEARCH": "search"}
        services |= {"AUTH": "auth-api", "DATA": "data-api"}
        urls = {f"PROVENA_{name}_API": f"http://127.0.0.1:{port}/{path}" for name, path in services.items()}
        printed = run("whose_data.py", RESULT, folder=tmp_path, PROVENA_ACCESS_TOKEN="any", **urls)
    assert "Yuna Seo (sample/1000100)" in printed.splitlines()
