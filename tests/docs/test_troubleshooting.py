"""The words that the page on troubleshooting explains are words of the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (
    (ROOT / "docs/troubleshooting.md").read_text("utf-8").partition("## By the words")[2].partition("## ")[0]
)
WORDS = re.findall(r'^\| "([^"]+)"', TABLE, re.MULTILINE)


@pytest.fixture(scope="module")
def said() -> str:
    """All texts of the package, those that are put together as far as they stand together."""
    modules = sorted((ROOT / "provena_mcp").rglob("*.py"))
    nodes = [node for module in modules for node in ast.walk(ast.parse(module.read_text("utf-8")))]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join(texts)


def test_the_page_explains_words():
    assert len(WORDS) > 10


@pytest.mark.parametrize("words", WORDS)
def test_words_that_are_explained_are_said(said: str, words: str):
    assert words in said
