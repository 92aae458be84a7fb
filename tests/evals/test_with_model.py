import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from evals.asking import Outcome, Question
from evals.dialects import Anthropic, Dialect, OpenAi
from evals.kinds import Asker
from evals.questions.reef import OLD_BATHYMETRY
from evals.with_model import Model, ask_model
from evals.worlds import open_world, serving

CALL = {"item_id": OLD_BATHYMETRY, "depth": 40}


def openai_turn(number: int, answer: str) -> dict[str, Any]:
    function = {"name": "analyse_impact", "arguments": json.dumps(CALL)}
    asks = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }
    return {"choices": [{"message": asks if number == 0 else {"role": "assistant", "content": answer}}]}


def anthropic_turn(number: int, answer: str) -> dict[str, Any]:
    asks = {"type": "tool_use", "id": "c1", "name": "analyse_impact", "input": CALL}
    return {"content": [asks if number == 0 else {"type": "text", "text": answer}]}


DIALECTS = pytest.mark.parametrize(
    ("dialect", "turn"), [(OpenAi(), openai_turn), (Anthropic(), anthropic_turn)], ids=["openai", "anthropic"]
)


@asynccontextmanager
async def scripted(
    dialect: Dialect, turn: Callable[[int, str], dict[str, Any]], answer: str, seen: list[httpx.Request]
) -> AsyncGenerator[Model]:
    """A model that calls one tool and then says ``answer``."""

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=turn(len(seen) - 1, answer))

    transport = httpx.MockTransport(respond)
    async with httpx.AsyncClient(base_url="https://models.invalid/v1", transport=transport) as http:
        yield Model("some-model", "some-key", dialect, http)


async def told(
    folder: Path,
    dialect: Dialect,
    turn: Callable[[int, str], dict[str, Any]],
    answer: Callable[[Question], str],
) -> tuple[Outcome, list[httpx.Request]]:
    world = open_world("reef")
    assert world is not None
    question = Asker(world).impact("Who is affected if the old bathymetry is wrong?", OLD_BATHYMETRY)
    seen: list[httpx.Request] = []
    async with serving(world, folder) as client, scripted(dialect, turn, answer(question), seen) as model:
        return await ask_model(model, client, world, question), seen


def everything(question: Question) -> str:
    return " ".join(str(value) for fact in question.facts for value in fact.values)


@DIALECTS
@pytest.mark.asyncio
async def test_a_model_is_given_the_tools_and_their_results_and_judged_by_its_words(
    tmp_path: Path, dialect: Dialect, turn: Callable[[int, str], dict[str, Any]]
):
    outcome, requests = await told(tmp_path, dialect, turn, everything)
    assert (outcome.is_right, outcome.calls) == (True, 1)
    first, second = (json.loads(request.content) for request in requests)
    assert "analyse_impact" in json.dumps(first["tools"])
    assert OLD_BATHYMETRY in json.dumps(first["messages"])
    assert "sample/1000041" in json.dumps(second["messages"])
    assert any("some-key" in value for value in requests[0].headers.values())


@DIALECTS
@pytest.mark.asyncio
async def test_what_a_model_leaves_out_or_makes_up_is_told(
    tmp_path: Path, dialect: Dialect, turn: Callable[[int, str], dict[str, Any]]
):
    outcome, _ = await told(tmp_path, dialect, turn, lambda _: "Only sample/1000070 is affected.")
    left_out, made_up = outcome.complaints
    assert left_out.startswith("does not name sample/1000015, sample/1000016")
    assert made_up == "speaks of sample/1000070"
