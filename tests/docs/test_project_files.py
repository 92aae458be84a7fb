"""The files around the code agree with it and with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from provena_mcp import __version__
from provena_mcp.server.http.paths import HEALTH_PATH
from tests.image.engine import USER

ROOT = Path(__file__).parents[2]
PAGES = [path for folder in (ROOT, ROOT / "docs", ROOT / ".github") for path in sorted(folder.glob("*.md"))]
AUTOMATION = [
    *(path for path in (ROOT / ".github").rglob("*") if path.is_file()),
    *(ROOT / name for name in (".ci/run", ".pre-commit-config.yaml", "Dockerfile", "justfile")),
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]+)", page.read_text("utf-8"))
    # Some pages are made from the code when the site is built.
    made = re.findall(r'"(reference/[\w-]+\.md)"', (ROOT / "docs/hooks/reference.py").read_text("utf-8"))
    there = [page.parent / link for link in links]
    assert [
        path for path in there if not path.exists() and str(path.relative_to(ROOT / "docs")) not in made
    ] == []


def test_the_version_is_the_same_everywhere():
    released = re.findall(r"^## \[(\d[\w.]*)\]", text("CHANGELOG.md"), re.MULTILINE)
    cited = re.findall(r"^version: (.*)$", text("CITATION.cff"), re.MULTILINE)
    assert (released[0], cited) == (__version__, [__version__])


def test_changes_are_told_under_the_heads_of_the_format():
    heads = set(re.findall(r"^### (.*)$", text("CHANGELOG.md"), re.MULTILINE))
    assert heads <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_checks_run_on_every_python_that_is_supported():
    workflow = text(".github/workflows/checks.yml")
    supported = [
        name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", name)
    ]
    (listed,) = re.findall(r"python: \[(.*)\]", workflow)
    assert re.findall(r'"([\d.]+)"', listed) == supported
    assert "run: bash .ci/run" in workflow
    run = re.findall(r"^ +tests: (\S+)", workflow, re.MULTILINE)
    assert run == ["tests/stdio/test_parent.py"] * 2
    assert [path for path in run if not (ROOT / path).exists()] == []


def test_automation_names_actions_and_images_by_name_and_version_only():
    for path in AUTOMATION:
        content = path.read_text("utf-8")
        assert re.findall(r"[\w.-]+\.(?:com|io|org|dev|net)\b", content) == [], path
        assert [
            used for used in re.findall(r"(?:uses:|FROM) (\S+)", content) if not re.search(r"[@:]\S+$", used)
        ] == []


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is():
    image = text("Dockerfile")
    assert re.findall(r"^USER (\S+)$", image, re.MULTILINE) == [f"{USER}:{USER}"]
    assert f"http://127.0.0.1:8000{HEALTH_PATH}'" in image
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", image, re.MULTILINE)
    assert [name for names in copied for name in names.split() if not (ROOT / name).exists()] == []


def test_agents_read_what_people_read():
    assert text("AGENTS.md") == text("CONTRIBUTING.md")
