"""The server called by pages in a real browser: by one that the operator named, and by another."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.installed import chromium, scripts
from tests.http.server_process import serving, until_ready

pytestmark = pytest.mark.slow

METHOD = {"Mcp-Method": "tools/list"}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    **METHOD,
}
LIST_TOOLS = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/list",
        "params": {
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "page", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            }
        },
    }
)


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>A page</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def a_page() -> Iterator[str]:
    """The origin of an empty page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def called_from(page: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["node", str(scripts() / "calls.mjs"), chromium(), page, json.dumps(requests)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def posted(base: str, **headers: str) -> dict[str, Any]:
    return {"url": f"{base}/mcp", "method": "POST", "headers": {**HEADERS, **headers}, "body": LIST_TOOLS}


@pytest.mark.asyncio
async def test_a_page_that_the_operator_named_calls_and_reads_every_answer(tmp_path: Path):
    with (
        a_page() as page,
        serving(tmp_path, "--sample", PROVENA_HTTP_ORIGINS=page) as (_, base),
    ):
        await until_ready(base)
        (listed,) = called_from(page, posted(base))
    assert listed["status"] == 200
    assert "explore_upstream" in listed["text"]


@pytest.mark.asyncio
async def test_a_page_reads_from_the_refusal_where_to_log_in(tmp_path: Path):
    deployment = {
        "PROVENA_DOMAIN": "provena.invalid",
        "PROVENA_REALM": "none",
        "PROVENA_CLIENT_SECRET": "a-secret-of-the-test",
        "PROVENA_HTTP_SCOPES": "provena:read",
    }
    with (
        a_page() as page,
        a_page() as stranger,
        serving(tmp_path, PROVENA_HTTP_ORIGINS=page, **deployment) as (_, base),
    ):
        await until_ready(base)
        metadata = f"{base}/.well-known/oauth-protected-resource/mcp"
        refused, found = called_from(page, posted(base), {"url": metadata})
        elsewhere, public = called_from(stranger, posted(base), {"url": metadata})
    assert refused["status"] == 401
    assert refused["headers"]["www-authenticate"] == (
        f'Bearer scope="provena:read", resource_metadata="{metadata}"'
    )
    assert (found["status"], public["status"]) == (200, 200)
    assert json.loads(public["text"])["authorization_servers"] == [
        "https://auth.provena.invalid/auth/realms/none"
    ]
    assert elsewhere["status"] is None


@pytest.mark.asyncio
async def test_another_page_on_this_machine_gets_nothing_done(tmp_path: Path):
    without_leave = {"method": "POST", "mode": "no-cors", "body": LIST_TOOLS}
    with a_page() as page, serving(tmp_path, "--sample") as (process, base):
        await until_ready(base)
        asked, unasked = called_from(page, posted(base), {"url": f"{base}/mcp", **without_leave})
        process.terminate()
        _, log = process.communicate(timeout=30)
    assert (asked["status"], asked["text"]) == (None, "TypeError: Failed to fetch")
    # What a page may send without leave it cannot read the answer of; the server has refused it too.
    assert (unasked["status"], unasked["text"]) == (0, "")
    assert log.count(f"Refused a request of the origin '{page}'") >= 1
