"""A host of the official TypeScript SDK, which knows the server's address alone, logs in and steps up."""

from __future__ import annotations

import getpass
import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from provena_mcp.server.http.app import create_http_app
from tests.oidc.realm import EXCHANGE_SECRET

if TYPE_CHECKING:
    from tests.oidc.protected import Protected
    from tests.oidc.realm import Realm

HERE = Path(__file__).parent / "host"


@pytest.fixture(scope="module")
def host() -> Path:
    """The host's script with its packages; skips, saying so, where they cannot be installed."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    version = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(HERE.iterdir()))).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"provena-mcp-test-host-{getpass.getuser()}-{version}"
    if not folder.is_dir():
        # Made beside and moved, so that of several test processes none finds it half made.
        with tempfile.TemporaryDirectory() as beside, suppress(OSError):
            _install(Path(beside) / "host").rename(folder)
    return folder / "host.mjs"


def _install(folder: Path) -> Path:
    shutil.copytree(HERE, folder)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    if made.returncode:
        pytest.skip(f"the TypeScript SDK cannot be installed: {made.stderr[-300:]}")
    return folder


@contextmanager
def served(protected: Protected, **chosen: str) -> Iterator[str]:
    """The server over real HTTP, with a scope for what writes, and its address; ``chosen`` are settings."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        address = f"http://127.0.0.1:{port}/mcp"
        settings = protected.settings(
            client_id="provena-mcp",
            client_secret=EXCHANGE_SECRET,
            http_audience="provena-api",
            http_write_scope="provena:write",
            **chosen,
        )
        app = create_http_app(settings, port=port, clock=protected.realm.clock)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()


def outcome(host: Path, realm: Realm, *given: str) -> dict[str, Any]:
    """What the host says at the end; its user opens every page that it asks them to."""
    with subprocess.Popen(
        ["node", str(host), *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            if "done" in said:
                return said["done"]
            realm.person("writer").approve(said["open"])
        assert process.stderr is not None
        raise AssertionError(process.stderr.read()[-2000:])


@pytest.mark.slow
def test_a_host_that_the_realm_knows_logs_in_to_read_and_steps_up_to_write(
    host: Path, realm: Realm, protected: Protected
):
    with served(protected, http_scopes="provena:read") as address:
        realm.change(mcpServer=address)
        done = outcome(host, realm, address, "desktop-host")
    assert done["asked"] == ["provena:read", "provena:read provena:write"]
    assert_it_worked(done)


@pytest.mark.slow
def test_a_host_that_registers_itself_asks_at_once_for_all_that_is_advertised(
    host: Path, realm: Realm, protected: Protected
):
    """It could not ask for more later: a realm grants the scopes that it registered with."""
    with served(protected) as address:
        realm.change(mcpServer=address)
        done = outcome(host, realm, address)
    assert done["asked"] == ["provena:write"]
    assert_it_worked(done)


def assert_it_worked(done: dict[str, Any]) -> None:
    assert (done["read"]["isError"], "items" in json.loads(done["read"]["text"])) == (False, True)
    assert (done["written"]["isError"], json.loads(done["written"]["text"])["status"]) == (False, "preview")
    assert done["tools"] > 20
