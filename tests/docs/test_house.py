"""The rules of the house (``CONTRIBUTING.md``) that can be counted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.walks import PACKAGE

MODULE_LINES, FUNCTION_LINES = 300, 40
TESTS = Path(__file__).parents[1]
TEXTS = {path: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
_OF_TESTS = re.compile(r"^\s*from (tests\.(?:\w+\.)*test_\w+) import", re.MULTILINE)


def _nodes() -> Iterator[tuple[Path, ast.AST]]:
    """What is in the package's modules, read anew: hundreds of trees are not kept for other tests."""
    for path, text in TEXTS.items():
        for node in ast.walk(ast.parse(text)):
            yield path, node


def _place(path: Path, node: ast.stmt | ast.ExceptHandler) -> str:
    return f"{path.relative_to(PACKAGE)}:{node.lineno}"


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function beside its signature and its docstring."""
    first = function.body[1 if ast.get_docstring(function, clean=False) and len(function.body) > 1 else 0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _is_long(text: str) -> bool:
    return len(text.splitlines()) > MODULE_LINES


def test_no_module_is_longer_than_a_reader_keeps_in_mind():
    assert {str(path.relative_to(PACKAGE)) for path, text in TEXTS.items() if _is_long(text)} == set()


def test_no_module_of_tests_is_longer_either():
    long = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if _is_long(path.read_text("utf-8"))}
    assert long == set()


def test_every_function_fits_on_a_screen():
    assert [
        _place(path, node)
        for path, node in _nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > FUNCTION_LINES
    ] == []


def test_what_catches_everything_raises_it_again_but_for_a_job_that_must_not_stop_the_others():
    kept = {
        path.relative_to(PACKAGE).as_posix()
        for path, node in _nodes()
        if isinstance(node, ast.ExceptHandler)
        and _catches_all(node)
        and not isinstance(node.body[-1], ast.Raise)
    }
    assert kept == {"embedded/jobs/worker.py"}


# The same thing twice: as a service sends it, and as a graph's JSON or a form is checked strictly.
_TWICE = {"CollectionFormat", "CreateItem", "Graph", "Link", "Node", "Status"}


def test_a_class_is_called_like_no_other():
    places: dict[str, list[str]] = {}
    for path, text in TEXTS.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(_place(path, node))
    assert {name for name, found in places.items() if len(found) > 1} == _TWICE


def test_what_tests_share_is_in_no_module_of_tests():
    assert [
        f"{path.relative_to(TESTS)}: {found}"
        for path in TESTS.rglob("*.py")
        for found in _OF_TESTS.findall(path.read_text("utf-8"))
    ] == []
