"""How models are spoken to: the two common HTTP interfaces, as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call that a model wants made."""

    id: str
    name: str
    arguments: Json


@dataclass(frozen=True)
class Said:
    """What a model said: text, calls it wants made, or both."""

    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class Results:
    """The text of each call's result, by the call's id."""

    texts: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Conversation:
    """A question, and what has been said and called since."""

    system: str
    question: str
    turns: tuple[Said | Results, ...] = ()

    def then(self, turn: Said | Results) -> Conversation:
        """The conversation with one more turn."""
        return Conversation(self.system, self.question, (*self.turns, turn))


@dataclass(frozen=True)
class OfferedTool:
    """A tool as the model sees it."""

    name: str
    description: str
    schema: Json


class Dialect(Protocol):
    """One interface."""

    def headers(self, key: str) -> dict[str, str]:
        """What authorises a request."""
        ...

    @property
    def path(self) -> str:
        """Where requests go, below the base URL."""
        ...

    def request(self, model: str, talk: Conversation, tools: Sequence[OfferedTool]) -> Json:
        """The body of a request for the model's next turn."""
        ...

    def read(self, body: Json) -> Said:
        """The model's turn in the body of an answer."""
        ...


class OpenAi:
    """Chat completions."""

    path = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        """What authorises a request."""
        return {"Authorization": f"Bearer {key}"}

    def request(self, model: str, talk: Conversation, tools: Sequence[OfferedTool]) -> Json:
        """The body of a request for the model's next turn."""
        messages: list[Json] = [
            {"role": "system", "content": talk.system},
            {"role": "user", "content": talk.question},
        ]
        for turn in talk.turns:
            messages += [_said_to_openai(turn)] if isinstance(turn, Said) else _results_to_openai(turn)
        functions = [
            {"name": tool.name, "description": tool.description, "parameters": tool.schema} for tool in tools
        ]
        offered = [{"type": "function", "function": function} for function in functions]
        return {"model": model, "temperature": 0, "messages": messages, "tools": offered}

    def read(self, body: Json) -> Said:
        """The model's turn in the body of an answer."""
        message = body["choices"][0]["message"]
        calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or ()]
        return Said(
            message.get("content") or "",
            tuple(
                ToolCall(call_id, function["name"], json.loads(function["arguments"] or "{}"))
                for call_id, function in calls
            ),
        )


def _said_to_openai(said: Said) -> Json:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
        }
        for call in said.calls
    ]
    return {"role": "assistant", "content": said.text or None} | ({"tool_calls": calls} if calls else {})


def _results_to_openai(results: Results) -> list[Json]:
    return [
        {"role": "tool", "tool_call_id": call_id, "content": text} for call_id, text in results.texts.items()
    ]


class Anthropic:
    """Messages."""

    path = "/messages"
    _most_tokens = 4096

    def headers(self, key: str) -> dict[str, str]:
        """What authorises a request."""
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}

    def request(self, model: str, talk: Conversation, tools: Sequence[OfferedTool]) -> Json:
        """The body of a request for the model's next turn."""
        messages: list[Json] = [{"role": "user", "content": talk.question}]
        messages += [
            _said_to_anthropic(turn) if isinstance(turn, Said) else _results_to_anthropic(turn)
            for turn in talk.turns
        ]
        offered = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
            for tool in tools
        ]
        return {
            "model": model,
            "max_tokens": self._most_tokens,
            "temperature": 0,
            "system": talk.system,
            "messages": messages,
            "tools": offered,
        }

    def read(self, body: Json) -> Said:
        """The model's turn in the body of an answer."""
        blocks: list[Json] = body["content"]
        return Said(
            "".join(block["text"] for block in blocks if block["type"] == "text"),
            tuple(
                ToolCall(block["id"], block["name"], block["input"])
                for block in blocks
                if block["type"] == "tool_use"
            ),
        )


def _said_to_anthropic(said: Said) -> Json:
    text = [{"type": "text", "text": said.text}] if said.text else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in said.calls
    ]
    return {"role": "assistant", "content": [*text, *calls]}


def _results_to_anthropic(results: Results) -> Json:
    content = [
        {"type": "tool_result", "tool_use_id": call_id, "content": text}
        for call_id, text in results.texts.items()
    ]
    return {"role": "user", "content": content}
