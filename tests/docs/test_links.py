"""What the README and the pages point to in this repository is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def targets(page: Path) -> list[str]:
    """Paths that a page links to or shows, seen from it; addresses, anchors and made pages left out."""
    text = page.read_text("utf-8")
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    paths = [(link or image).partition("#")[0] for link, image in found]
    return [path for path in paths if path and "://" not in path and "reference/" not in path]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_points_to_is_there(page: Path):
    assert [path for path in targets(page) if not (page.parent / path).exists()] == []


def test_the_readme_fits_a_screen_and_has_the_first_two_commands():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    folded = lines.index("</details>") - next(n for n, line in enumerate(lines) if "<details>" in line)
    assert len(lines) - folded <= 55
    assert "pip install . && provena-mcp demo" in lines
