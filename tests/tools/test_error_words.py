"""What an error says to do next, and what its ``retry`` says of a repeat, are the same."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
import pytest

import provena_mcp
from provena_mcp import errors
from provena_mcp.client.http.errors_from_http import failure_of, failure_of_status, login_ran_out
from provena_mcp.client.http.limits import DEFAULT_LIMITS
from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import failure_without_answer, left_alone, malformed
from provena_mcp.errors import ProvenaError
from provena_mcp.wire.base import Status

# What advice says, by what it means for a repeat of the same call.
LATER = re.compile(
    r"(?i)\b(try|ask) again\b.*(in a (minute|moment|few seconds)|shortly)|^repeat the call\b|^wait\b"
)
CHECK_FIRST = re.compile(
    r"(?i)^look (whether|with|for)\b|may have been done|sends nothing twice"
    r"|\bbefore (trying|sending it) again"
)
AFTER_CHANGE = re.compile(
    r"^(Give|Use|Split|Leave|Choose another|Ask for less|Confirm with)\b"
    r"|^Correct (what|the fields)|^Check the (handle|arguments)"
)
NEVER = re.compile(r"^(Tell|Check PROVENA|Set PROVENA|Correct or unset)")
# Where calls of tools come by; the advice of the others is for people at a terminal.
ASKED_BY_TOOLS = ("client", "commands", "crates", "lineage", "queries", "rules", "server", "tools")
KINDS: dict[str, type[ProvenaError]] = {
    name: kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)
}


def disagreement(advice: str, message: str, fault: str, retry: str) -> str | None:
    """How the words contradict ``retry``; none if they do not."""
    means = [
        meant
        for meant, words in (
            ("later", LATER),
            ("check_first", CHECK_FIRST),
            ("after_change", AFTER_CHANGE),
            ("no", NEVER),
        )
        if words.search(advice)
    ]
    # Who may not, or gave bad settings, changes those and not the call.
    also = {"no": ("after_change",)}.get(means[0], ()) if means and fault in ("access", "operator") else ()
    if means and retry not in (*means, *also):
        return f"{means} is not {retry}: {message} {advice}"
    if "nobody knows whether" in message.lower() and retry != "check_first":
        return f"{retry}: {message}"
    return None


@dataclass(frozen=True)
class Raised:
    """An error as the source makes it: its texts as far as they stand there, and what it is marked as."""

    place: str
    kind: type[ProvenaError]
    message: str
    advice: str
    fault: str
    retry: str


def text_of(node: ast.expr | None, names: dict[str, Any]) -> str:
    """The constant text of an expression; braces where it is not constant."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part, names) for part in parts)
        case ast.FormattedValue(value=value):
            return text_of(value, names)
        case ast.Name(id=name) if isinstance(names.get(name), str):
            return names[name]
        case _:
            return "{}"


def raised_in(module: ModuleType) -> Iterator[Raised]:
    names = vars(module)
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in KINDS and names.get(name) is KINDS[name]:
                kind = KINDS[name]
                given = {word.arg: word.value for word in node.keywords}
                marks: dict[str, str] = {
                    mark: str(value.value)
                    for mark in ("fault", "retry")
                    if isinstance(value := given.get(mark), ast.Constant)
                }
                yield Raised(
                    f"{module.__name__}:{node.lineno}",
                    kind,
                    text_of(node.args[0], names) if node.args else "",
                    text_of(given["advice"], names) if "advice" in given else "",
                    marks.get("fault", kind.fault),
                    marks.get("retry", kind.retry),
                )
            case _:
                pass


def everywhere() -> Iterator[Raised]:
    """All but what is told to whoever runs the server: it is not by another call that they go on."""
    for package in ASKED_BY_TOOLS:
        for found in pkgutil.walk_packages(
            [f"{provena_mcp.__path__[0]}/{package}"], f"provena_mcp.{package}."
        ):
            for each in raised_in(importlib.import_module(found.name)):
                if not issubclass(each.kind, errors.SettingsError | errors.StoreError):
                    yield each


def test_wherever_an_error_is_made_its_words_and_its_marks_agree():
    found = list(everywhere())
    wrong = {
        each.place: why
        for each in found
        if (why := disagreement(each.advice, each.message, each.fault, each.retry)) is not None
    }
    assert wrong == {}
    # That the scan finds them at all, and each way to go on among them.
    assert len(found) > 150
    assert {each.retry for each in found} == {"no", "later", "after_change", "check_first"}


def test_a_contradiction_is_noticed():
    again = "Repeat the call in a few seconds to learn what came of it."
    assert disagreement(again, "This is being sent.", "caller", "later") is None
    assert disagreement(again, "This is being sent.", "caller", "after_change") is not None
    assert disagreement("Ask for less: a smaller page.", "Too much.", "deployment", "later") is not None
    assert disagreement("", "Nobody knows whether this happened.", "deployment", "later") is not None


def asked(effect: str, **more: Any) -> Call:
    return Call(service="prov", method="POST", path="/x", name="do it", effect=effect, **more)  # pyright: ignore


CALLS = [
    asked("read"),
    asked("write"),
    asked("write", in_turn=True),
    asked("read", subjects=("10378.1/1",)),
    Call(service="job", method="GET", path="/jobs/user/fetch", name="fetch a job", subjects=("s-1",)),
]
WORDS = [
    "down",
    "Item was not found",
    "Depth provided is in excess of depth maximum: 10.",
    "must link your User account",
    "You are not authorised to access this resource as you don't have the correct role.",
    "resource is locked",
    "You are not authorised to fetch this item.",
    "Could not validate credentials",
]
BROKEN = [
    httpx.ConnectError("no"),
    httpx.ReadError("no"),
    httpx.ReadTimeout("no"),
    httpx.DecodingError("no"),
]


def failures(call: Call) -> Iterator[ProvenaError]:
    for words in WORDS:
        for status in (301, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504):
            yield failure_of(call, httpx.Response(status, json={"detail": words}, request=REQUEST))
        yield failure_of_status(call, Status(success=False, details=words))
    for error in BROKEN:
        yield failure_without_answer(call, error, "http://p.test", DEFAULT_LIMITS)
    yield from (malformed(call, "it is damaged"), login_ran_out(call), left_alone("prov", 3, retry_after=1.0))


REQUEST = httpx.Request("GET", "http://p.test/x")


@pytest.mark.parametrize("call", CALLS, ids=["read", "write", "several", "about an item", "job"])
def test_whatever_a_service_answers_words_and_marks_of_the_error_agree(call: Call):
    wrong = [
        why
        for error in failures(call)
        if (why := disagreement(error.advice, error.message, error.fault, error.retry)) is not None
    ]
    assert wrong == []
