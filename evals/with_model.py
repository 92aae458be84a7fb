"""Let a model answer the questions with the server's tools, and judge what it says.

    EVALS_MODEL=... EVALS_API_KEY=... python -m evals.with_model [WORLD...]

``EVALS_BASE_URL`` is any endpoint that speaks as OpenAI's or Anthropic's (the latter where the URL
says so); by default OpenAI's. Costs money and is not the same twice: not part of the tests.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args

import httpx
from mcp import Client
from mcp.types import TextContent

from evals.asking import Outcome, Question, tokens
from evals.dialects import Anthropic, Conversation, Dialect, OfferedTool, OpenAi, Results, Said, ToolCall
from evals.questions import questions_of
from evals.report import as_table
from evals.truth import Truth
from evals.worlds import World, WorldName, open_world, serving

_USUAL_URL: Final = "https://api.openai.com/v1"
_MOST_TURNS: Final = 8
_SECONDS: Final = 120.0
# Beyond this many, a good answer counts items instead of naming each.
_WORTH_NAMING: Final = 15
_TASK: Final = (
    "Answer the user's question about Provena with the tools. Name every item you speak of with its id. "
    "Do not ask back. Say how many there are where you do not name them all."
)


@dataclass(frozen=True)
class Model:
    """A model behind an endpoint."""

    name: str
    key: str
    dialect: Dialect
    http: httpx.AsyncClient

    async def next_turn(self, talk: Conversation, tools: Sequence[OfferedTool]) -> Said:
        """What it says next.

        Raises:
            httpx.HTTPError: The endpoint could not be reached or refused.
        """
        answer = await self.http.post(
            self.dialect.path,
            headers=self.dialect.headers(self.key),
            json=self.dialect.request(self.name, talk, tools),
        )
        return self.dialect.read(answer.raise_for_status().json())


async def ask_model(model: Model, client: Client, world: World, question: Question) -> Outcome:
    """Let the model call tools until it answers, then judge its words."""
    tools = [
        OfferedTool(tool.name, tool.description or "", dict(tool.input_schema))
        for tool in (await client.list_tools()).tools
    ]
    talk = Conversation(f"{client.instructions or ''}\n\n{_TASK}", _with_ids(question, world.truth))
    calls = spent = 0
    for _ in range(_MOST_TURNS):
        said = await model.next_turn(talk, tools)
        if not said.calls:
            return Outcome(question, calls, spent, tuple(_complaints(question, said.text, world.truth)))
        texts = {call.id: await _result_of(client, call) for call in said.calls}
        calls += len(texts)
        spent += sum(map(tokens, texts.values()))
        talk = talk.then(said).then(Results(texts))
    return Outcome(question, calls, spent, (f"no answer after {_MOST_TURNS} turns",))


async def _result_of(client: Client, call: ToolCall) -> str:
    result = await client.call_tool(call.name, call.arguments)
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


def _with_ids(question: Question, truth: Truth) -> str:
    """The question with the ids it is about, which the words of some questions leave out."""
    first = question.steps[0]
    given = [] if callable(first) else _strings(first.arguments)
    ids = [value for value in given if value in truth.items]
    return f"{question.asks} ({', '.join(ids)})" if ids else question.asks


def _strings(arguments: dict[str, Any]) -> list[str]:
    values: list[Any] = []
    for value in arguments.values():
        values += cast("list[Any]", value) if isinstance(value, list) else [value]
    return [value for value in values if isinstance(value, str)]


def _complaints(question: Question, text: str, truth: Truth) -> list[str]:
    """Items that should be named and are not, or should not be and are."""
    wanted = {
        value
        for fact in question.facts
        if fact.how in ("is", "has") and len(fact.values) <= _WORTH_NAMING
        for value in fact.values
        if isinstance(value, str) and value in truth.items
    }
    missing = [item_id for item_id in wanted if item_id not in text and truth.name(item_id) not in text]
    unwanted = [item_id for item_id in question.never if item_id in text]
    found = (("does not name", missing), ("speaks of", unwanted))
    return [f"{word} {', '.join(sorted(ids)[:5])}" for word, ids in found if ids]


async def _run(names: Sequence[WorldName], model: Model) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for name in names:
        world = open_world(name)
        if world is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with serving(world, Path(folder)) as client:
                for question in questions_of(world):
                    outcomes.append(await ask_model(model, client, world, question))
                    print(".", end="", file=sys.stderr, flush=True)
    return outcomes


async def _main(chosen: list[str]) -> int:
    name, key = os.environ.get("EVALS_MODEL"), os.environ.get("EVALS_API_KEY")
    if not name or not key:
        print("Set EVALS_MODEL and EVALS_API_KEY (and EVALS_BASE_URL).", file=sys.stderr)
        return 2
    url = os.environ.get("EVALS_BASE_URL") or _USUAL_URL
    dialect: Dialect = Anthropic() if "anthropic" in url else OpenAi()
    worlds = [world for world in get_args(WorldName) if not chosen or world in chosen]
    async with httpx.AsyncClient(base_url=url, timeout=_SECONDS) as http:
        print(as_table(await _run(worlds, Model(name, key, dialect, http))))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1:])))
