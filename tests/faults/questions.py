"""The calls of the table, chosen of what the sample world holds."""

from __future__ import annotations

import json
from typing import Any

from mcp import Client


class Questions:
    """The calls of the table, and what they are answered without any fault."""

    def __init__(self, run: str, record: dict[str, Any]) -> None:
        self.record = record
        self.run = run
        self.reads: list[tuple[str, dict[str, Any]]] = [
            ("explore_upstream", {"starting_id": run, "depth": 3, "max_tokens": 20_000}),
            ("get_contributing_datasets", {"starting_id": run, "max_tokens": 20_000}),
            ("fetch_items", {"ids": [run, "sample/1000001", "sample/1000011"]}),
            ("list_items", {"limit": 5, "subtype": "DATASET"}),
            ("search_items", {"query": "reef", "limit": 5, "subtype": "STUDY"}),
            ("audit_reproducibility", {"item_id": run}),
            ("list_jobs", {"limit": 3}),
            ("open_document", {"uri": f"provena://item/{run}"}),
        ]
        self.truth: dict[str, dict[str, Any]] = {}

    @classmethod
    async def asked_of(cls, client: Client) -> Questions:
        listed = await _content(client, "list_items", {"subtype": "MODEL_RUN", "limit": 40})
        runs = [item["id"] for item in listed["items"]]
        record = await _record_to_write(client, runs[::-1])
        made = cls(await _run_to_read(client, runs, record), record)
        for tool, arguments in made.reads:
            made.truth[tool] = await _content(client, tool, arguments)
        return made


async def _record_to_write(client: Client, runs: list[str]) -> dict[str, Any]:
    """The record of the first of ``runs`` that could be registered once more under another name."""
    for run in runs:
        full = await _content(client, "fetch_items", {"ids": [run], "detail": "full"})
        record = full["items"][0]["record"]["record"]
        again = {**record, "display_name": "as it was"}
        if (await _content(client, "register_model_run", {"record": again})).get("reference"):
            return record
    raise LookupError("No run of the sample world could be registered again.")


async def _run_to_read(client: Client, runs: list[str], record: dict[str, Any]) -> str:
    """The first of ``runs`` that has nothing to do with ``record``: what is registered must not change it."""
    used = [dataset["dataset_id"] for dataset in (*record["inputs"], *record["outputs"])]
    for run in runs:
        question = {"starting_id": run, "depth": 10, "max_tokens": 20_000}
        seen = json.dumps(
            [await _content(client, tool, question) for tool in ("explore_upstream", "explore_downstream")]
        )
        if not any(f'"{dataset}"' in seen for dataset in used):
            return run
    raise LookupError("Every run of the sample world has to do with what is to be written.")


async def _content(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return (await client.call_tool(tool, arguments)).structured_content or {}
