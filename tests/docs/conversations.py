"""Calls of tools in pages, each with what is worth seeing of its answer.

A block titled ``call`` is a call; one titled ``call, then confirmed`` is a preview and its confirmation. The
block titled ``answer`` after it shows part of what came of it: fields that are not shown may be there, and
``…`` stands for any value. In arguments ``<reference>`` is the reference of the answer before, and any other
name in angle brackets the handle of the item that was created under that name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mcp import Client

from tests.worlds.sample import call

_BLOCK = re.compile(
    r'^```json title="(call(?:, then confirmed)?|answer)"\n(.*?)^```$', re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Step:
    """A call and what a page shows of its answer, if anything."""

    tool: str
    arguments: dict[str, Any]
    is_confirmed: bool
    shown: Any = None


def steps(page: str) -> Iterator[Step]:
    """The calls of a page, in order."""
    blocks = [(title, json.loads(content)) for title, content in _BLOCK.findall(page)]
    # After the last block comes none.
    for (title, content), (after, shown) in pairwise([*blocks, ("", {})]):
        if title != "answer":
            answer = shown if after == "answer" else None
            yield Step(content["tool"], content["arguments"], title != "call", answer)


class Conversation:
    """Makes the calls of a page one after the other, remembering what they created."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._handles: dict[str, str] = {}

    async def answer(self, step: Step) -> dict[str, Any]:
        answer = await call(self._client, step.tool, **self._filled_in(step.arguments))
        if step.is_confirmed:
            again = {"reference": answer["reference"], "confirm": True}
            subtype = {key: value for key, value in step.arguments.items() if key == "item_subtype"}
            answer = await call(self._client, step.tool, **subtype, **again)
        if "reference" in answer:
            self._handles["reference"] = answer["reference"]
        if "created" in answer:
            self._handles[answer["created"]["name"]] = answer["created"]["id"]
        return answer

    def _filled_in(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled_in(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled_in(each) for each in value]
        named = re.fullmatch(r"<(.+)>", value) if isinstance(value, str) else None
        return self._handles[named[1]] if named else value


def as_shown(answer: Any, shown: Any) -> Any:
    """As much of an answer as ``shown`` shows, for comparison with it."""
    if shown == "…":
        return shown
    if isinstance(shown, dict) and isinstance(answer, dict):
        return {name: as_shown(answer.get(name), value) for name, value in shown.items()}
    if isinstance(shown, list) and isinstance(answer, list):
        if shown[-1:] == ["…"] and len(answer) >= len(shown):
            return [*map(as_shown, answer, shown[:-1]), "…"]
        if len(shown) == len(answer):
            return [*map(as_shown, answer, shown)]
    return answer
