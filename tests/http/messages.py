"""Messages of the older era over HTTP: calls, what cancels them, and what is answered."""

from __future__ import annotations

import json

import httpx2

BOTH = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}


def listing(number: int | str) -> dict[str, object]:
    params = {"name": "list_items", "arguments": {"limit": 1}}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def cancelling(number: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}


def outcome(answer: httpx2.Response) -> dict[str, object]:
    (data,) = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    return json.loads(data.removeprefix("data: "))
