"""Six steps that each client takes; what came of them is printed as one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any

QUESTIONS = json.loads(Path(__file__).with_name("questions.json").read_text("utf-8"))


class Steps:
    """``ok`` or what went wrong, by step; a step that a client has no notion of is left out."""

    def __init__(self, package: str) -> None:
        self._version = version(package)
        self._outcomes: dict[str, str] = {}

    def note(self, step: str, failed: str | None = None) -> None:
        self._outcomes[step] = " ".join(failed.split())[:300] if failed else "ok"

    async def take(self, step: str, action: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Take a step that returns normally if it succeeds."""
        (made,) = await asyncio.gather(action(), return_exceptions=True)
        if isinstance(made, BaseException):
            self.note(step, f"{type(made).__name__}: {made}")
            return None
        self.note(step)
        return made

    async def ask(self, step: str, call: Callable[[str, dict[str, Any]], Coroutine[Any, Any, str]]) -> None:
        """Take a step whose text, however it comes to the model, has to say what is expected."""
        question = QUESTIONS[step]
        text = await self.take(step, lambda: call(question["tool"], question["arguments"]))
        if text is not None:
            self.expect(step, text)

    def expect(self, step: str, text: str) -> None:
        says = QUESTIONS[step]["says"]
        self.note(step, None if says in text else f"does not say {says!r}: {text[:150]}")

    def expect_listed(self, names: list[str]) -> None:
        missing = [name for name in QUESTIONS["listed"] if name not in names]
        self.note("list", f"{', '.join(missing)} missing" if missing else None)

    def show(self) -> None:
        sys.stdout.write(json.dumps({"version": self._version, "steps": self._outcomes}) + "\n")
