"""The site is built from a checkout, without a warning and without network."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed (pip install '.[docs]')")
def test_the_site_is_built_and_links_to_what_is_there(tmp_path: Path):
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    tools = (site / "reference/tools/index.html").read_text("utf-8")
    settings = (site / "reference/settings/index.html").read_text("utf-8")
    commands = (site / "reference/command-line/index.html").read_text("utf-8")
    assert "explore_upstream" in tools
    assert "PROVENA_DOMAIN" in settings
    assert "provena-mcp ask impact" in commands
    pages = [page.read_text("utf-8") for page in site.rglob("*.html")]
    assert not [page for page in pages if "fonts.googleapis.com" in page]
