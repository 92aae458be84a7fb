"""What the browser tests need and a machine may lack: Chromium, Node, and two npm packages."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def chromium() -> str:
    """The browser's path; skips the test, saying so, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    return found


def scripts() -> Path:
    """A folder with the scripts and their packages; kept between runs, made once for all processes."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js and npm are not installed")
    folder = Path(tempfile.gettempdir()) / f"provena-mcp-browser-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for source in (*HERE.glob("*.mjs"), HERE / "package.json"):
        shutil.copy2(source, folder / source.name)
    if not (folder / "node_modules" / "playwright-core").is_dir():
        made = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        if made.returncode:
            pytest.skip(f"the packages of the browser tests cannot be installed: {made.stderr[-300:]}")
    return folder
