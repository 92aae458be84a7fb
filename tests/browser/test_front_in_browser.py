"""The page at the server's address in a real browser: read, copied from, in both themes, by everybody."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.installed import chromium, scripts
from tests.http.server_process import serving, until_ready

pytestmark = pytest.mark.slow

SCREENSHOTS = os.environ.get("PROVENA_SCREENSHOTS")


def test_the_page_can_be_read_and_copied_from_by_everybody(tmp_path: Path):
    shots = [str(Path(SCREENSHOTS, "front"))] if SCREENSHOTS else []
    with serving(tmp_path, "--sample") as (_, base):
        asyncio.run(until_ready(base))
        done = subprocess.run(
            ["node", str(scripts() / "front.mjs"), chromium(), base, *shots],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert (seen["errors"], seen["elsewhere"], seen["axe"]) == ([], [], [])
    assert (seen["title"], seen["said"], seen["copied"]) == ("Provena over MCP", "Copied", f"{base}/mcp")
    assert {"Claude Code", "VS Code", "Cursor", "Codex"} <= set(seen["assistants"])
    entry = {"servers": {"provena": {"type": "http", "url": f"{base}/mcp"}}}
    assert json.loads(seen["snippet"]) == entry
    assert "explore_upstream" in seen["tools"]
    assert (seen["wide"], seen["narrow"]) == (True, True)
