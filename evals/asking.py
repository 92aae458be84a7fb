"""Questions, the calls that answer them, and what is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from mcp import Client
from mcp.types import CallToolResult, TextContent

from evals.worlds import WorldName
from provena_mcp.wire.items import JSON_OBJECT

Value = str | int | float | bool
Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One tool call."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


# A later call may follow from the answers before it.
Step = Call | Callable[[Sequence[Answer]], Call]


@dataclass(frozen=True)
class Fact:
    """What the answer must hold at a path such as ``answer[].id``; see ``values_at``.

    ``is``: exactly these values; ``has``: at least these; ``within``: some of these and no others;
    ``lacks``: none of these; ``mentions``: each of these is part of some text there. ``call`` is the answer
    it is looked for in, by default the last.
    """

    path: str
    how: Literal["is", "has", "within", "lacks", "mentions"]
    values: frozenset[Value]
    call: int = -1

    def complaint(self, answers: Sequence[Answer]) -> str | None:
        """What is wrong with the answers; none if nothing is."""
        if self.how == "mentions":
            return self._unmentioned(answers[self.call])
        found = frozenset(values_at(answers[self.call], self.path))
        missing = self.values - found if self.how in ("is", "has") else frozenset[Value]()
        extra = found - self.values if self.how in ("is", "within") else frozenset[Value]()
        unwanted = found & self.values if self.how == "lacks" else frozenset[Value]()
        if self.how == "within" and not found:
            missing = self.values
        said = [
            f"{word} {_few(values)}"
            for word, values in (("misses", missing), ("has also", extra), ("must not have", unwanted))
            if values
        ]
        return f"{self.path}: {'; '.join(said)}" if said else None

    def _unmentioned(self, answer: Answer) -> str | None:
        text = "\n".join(_texts([*_at(answer, self.path)]))
        missing = [value for value in self.values if str(value) not in text]
        return f"{self.path or 'answer'}: does not mention {_few(missing)}" if missing else None


def says(path: str, *values: Value, call: int = -1) -> Fact:
    """The values at ``path`` are exactly these."""
    return Fact(path, "is", frozenset(values), call)


def has(path: str, *values: Value, call: int = -1) -> Fact:
    """These values are among those at ``path``."""
    return Fact(path, "has", frozenset(values), call)


def within(path: str, *values: Value, call: int = -1) -> Fact:
    """There are values at ``path``, and all are among these."""
    return Fact(path, "within", frozenset(values), call)


def lacks(path: str, *values: Value, call: int = -1) -> Fact:
    """None of these values is at ``path``."""
    return Fact(path, "lacks", frozenset(values), call)


def mentions(*texts: str, path: str = "", call: int = -1) -> Fact:
    """Each of these is part of some text at ``path``, by default anywhere in the answer."""
    return Fact(path, "mentions", frozenset(texts), call)


@dataclass(frozen=True)
class Question:
    """A question, the calls a sensible assistant would make, and how its answer is judged.

    ``facts`` must hold, and no text of ``never`` may be a value anywhere in the answers. ``tokens`` is
    the limit for all its calls; the number of ``steps`` is the limit on those. A question that
    ``fails`` has an error as its right answer.
    """

    world: WorldName
    kind: str
    asks: str
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]
    never: frozenset[str] = frozenset()
    tokens: int = 2500
    fails: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a question."""

    question: Question
    calls: int
    tokens: int
    complaints: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing was wrong."""
        return not self.complaints


async def ask(client: Client, question: Question) -> Outcome:
    """Make the calls and judge the answers."""
    answers: list[Answer] = []
    spent, failed = 0, False
    for step in question.steps:
        call = step if isinstance(step, Call) else step(answers)
        result = await client.call_tool(call.tool, call.arguments)
        failed = bool(result.is_error)
        spent += sum(tokens(part.text) for part in result.content if isinstance(part, TextContent))
        answers.append(_content(result))
        if failed:
            break
    return judged(question, answers, spent, failed=failed)


def _content(result: CallToolResult) -> Answer:
    """The structure of an answer, or what the text of an error holds."""
    if result.structured_content is not None:
        return result.structured_content
    return JSON_OBJECT.validate_json("".join(p.text for p in result.content if isinstance(p, TextContent)))


def judged(question: Question, answers: Sequence[Answer], spent: int, *, failed: bool) -> Outcome:
    """The outcome of ``answers`` that cost ``spent`` tokens."""
    complaints: list[str] = []
    if failed != question.fails:
        complaints.append(f"failed: {_few([json.dumps(answers[-1])])}" if failed else "did not fail")
    else:
        complaints += [said for fact in question.facts if (said := fact.complaint(answers))]
        complaints += [
            f"speaks of {_few(spoken)}" for spoken in (_spoken(question.never, answers),) if spoken
        ]
    if spent > question.tokens:
        complaints.append(f"{spent} tokens, of {question.tokens} allowed")
    return Outcome(question, len(answers), spent, tuple(complaints))


def values_at(value: Any, path: str) -> Iterator[Value]:
    """The values at ``path``, a name for each level of an object.

    ``name[]`` is every entry of a list, ``*`` every value of an object, ``*[]`` every entry of those,
    and a number one entry of a list. At the end ``+`` is a list's entries joined by blanks, and ``a&b`` what
    an object has as ``a`` and ``b``, joined likewise. A list or object itself counts as its number of
    entries.
    """
    for part in _at(value, path):
        if part is not None:
            yield len(cast("list[Any]", part)) if isinstance(part, dict | list) else part


def _at(value: Any, path: str) -> Iterator[Any]:
    head, _, rest = path.partition(".")
    if not head:
        yield value
    elif head == "+":
        yield " ".join(cast("list[str]", value))
    elif "&" in head:
        yield " ".join(str(value.get(name)) for name in head.split("&"))
    elif isinstance(value, list):
        yield from _at(cast("list[Any]", value)[int(head)], rest)
    elif isinstance(value, dict):
        for part in _parts(cast("dict[str, Any]", value), head):
            yield from _at(part, rest)


def _parts(value: dict[str, Any], head: str) -> Iterator[Any]:
    name = head.removesuffix("[]")
    for found in value.values() if name == "*" else (value.get(name),):
        if head.endswith("[]"):
            yield from found or ()
        else:
            yield found


def tokens(text: str) -> int:
    """o200k_base tokens; what counts them takes a second to load, and many who import this count nothing."""
    import bpe_openai  # pyright: ignore[reportMissingTypeStubs]

    return len(bpe_openai.get_encoding("o200k_base").encode(text))


def _spoken(never: Iterable[str], answers: Sequence[Answer]) -> list[str]:
    words = set(_texts(list(answers)))
    return sorted(words & set(never))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in cast("list[Any]", value):
            yield from _texts(part)
    elif isinstance(value, dict):
        for key, part in cast("dict[str, Any]", value).items():
            yield key
            yield from _texts(part)


def _few(values: Iterable[Value]) -> str:
    shown = [str(value)[:200] for value in values]
    return ", ".join(sorted(shown)[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")
