"""How long an answer takes, against only fetching and parsing the lineage it needs.

A programme of some 10,000 items, all of which made one product and all but a few of which came from
one dataset, is loaded into the embedded Provena and served over HTTP. Our server and a bare one run
over stdio and ask it in turns; names are warm. For each tool the bare server fetches and parses,
one after the other, the lineages that the answer is about.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client

from benchmarks.measurement import SERVICES, Table, bare_server, free_port, package_server, process

AIM = 1.4
DEPTH = 10
GENERATIONS = 4
PEOPLE, STUDIES = 20, 10
CREATED = 1_600_000_000
SUBTYPE_OF = {
    "PERSON": "AGENT",
    "ORGANISATION": "AGENT",
    "STUDY": "ACTIVITY",
    "MODEL_RUN": "ACTIVITY",
    "MODEL": "ENTITY",
    "DATASET": "ENTITY",
    "DATASET_TEMPLATE": "ENTITY",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "ENTITY",
}

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Question:
    tool: str
    arguments: dict[str, Any]
    needs: tuple[tuple[str, str], ...]


def item(item_id: str, subtype: str, **fields: Any) -> dict[str, Any]:
    common = {
        "id": item_id,
        "display_name": item_id.replace("/", " "),
        "item_category": SUBTYPE_OF[subtype],
        "item_subtype": subtype,
        "record_type": "COMPLETE_ITEM",
        "owner_username": "bench",
        "created_timestamp": CREATED,
        "updated_timestamp": CREATED,
    }
    return common | fields


def registered_once() -> Items:
    """What all runs share."""
    url = "https://example.org"
    role = [{"template_id": "bench/role", "optional": False}]
    return [
        item("bench/lab", "ORGANISATION", name="Lab"),
        item(
            "bench/model",
            "MODEL",
            name="Model",
            description="A model.",
            documentation_url=url,
            source_url=url,
        ),
        item("bench/role", "DATASET_TEMPLATE", defined_resources=[], deferred_resources=[]),
        item(
            "bench/recipe",
            "MODEL_RUN_WORKFLOW_TEMPLATE",
            software_id="bench/model",
            input_templates=role,
            output_templates=role,
        ),
        *(
            item(f"bench/person-{n}", "PERSON", first_name="P", last_name=str(n), email="p@example.org")
            | {"ethics_approved": True}
            for n in range(PEOPLE)
        ),
        *(item(f"bench/study-{n}", "STUDY", title=f"Study {n}", description="S.") for n in range(STUDIES)),
    ]


def dataset(item_id: str) -> dict[str, Any]:
    info = {
        "name": item_id,
        "description": "Data.",
        "access_info": {"reposited": True},
        "publisher_id": "bench/lab",
        "license": "https://creativecommons.org/licenses/by/4.0/",
    }
    return item(
        item_id,
        "DATASET",
        collection_format={"associations": {"organisation_id": "bench/lab"}, "dataset_info": info},
        s3={"bucket_name": "b", "path": item_id, "s3_uri": f"s3://b/{item_id}"},
        release_status="NOT_RELEASED",
        release_history=[],
    )


def run(number: int, inputs: list[str], output: str) -> dict[str, Any]:
    def templated(ids: list[str]) -> list[dict[str, str]]:
        return [
            {"dataset_template_id": "bench/role", "dataset_id": id_, "dataset_type": "DATA_STORE"}
            for id_ in ids
        ]

    record = {
        "workflow_template_id": "bench/recipe",
        "model_version": "1.0",
        "inputs": templated(inputs),
        "outputs": templated([output]),
        "display_name": f"Run {number}",
        "description": "A run.",
        "study_id": f"bench/study-{number % STUDIES}",
        "associations": {
            "modeller_id": f"bench/person-{number % PEOPLE}",
            "requesting_organisation_id": "bench/lab",
        },
        "start_time": CREATED,
        "end_time": CREATED,
    }
    return item(
        f"bench/run-{number}", "MODEL_RUN", record=record, record_status="LODGED", prov_serialisation="{}"
    )


def programme(inputs: int) -> Items:
    """A product, what it was made from for four generations, and the one dataset behind all of that."""
    items = [*registered_once(), dataset("bench/raw"), dataset("bench/data-0")]
    rim, runs, datasets = ["bench/data-0"], 0, 1
    for generation in range(GENERATIONS + 1):
        outputs, rim = rim, []
        for output in outputs:
            used = ["bench/raw"]
            if generation < GENERATIONS:
                used = [f"bench/data-{datasets + place}" for place in range(inputs)]
                datasets += inputs
                items.extend(map(dataset, used))
                rim.extend(used)
            items.append(run(runs, used, output))
            runs += 1
    return items


def questions(inputs: int) -> list[Question]:
    up, down, agents = "/explore/upstream", "/explore/downstream", "/explore/special/effected_agents"
    product, raw, last, earlier = "bench/data-0", "bench/raw", "bench/run-0", f"bench/run-{inputs}"
    return [
        Question(
            "find_lineage_path",
            {"from_id": product, "to_id": raw},
            ((up, product), (up, raw), (down, product)),
        ),
        Question("analyse_impact", {"item_id": raw}, ((down, raw), (agents, raw))),
        Question(
            "compare_model_runs",
            {"run_ids": [last, earlier], "scope": "lineage"},
            ((up, last), (up, earlier)),
        ),
        Question("audit_reproducibility", {"item_id": last}, ((up, last),)),
    ]


@contextmanager
def served(items: Items) -> Generator[dict[str, str]]:
    """An embedded Provena that holds ``items``, over HTTP; yields the environment that points at it."""
    with tempfile.TemporaryDirectory() as folder:
        file, store = Path(folder, "items.json"), Path(folder, "store.sqlite3")
        file.write_text(json.dumps({"items": items, "links": {"bench": "bench/person-0"}}), encoding="utf-8")
        command = [sys.executable, "-m", "provena_mcp", "local"]
        subprocess.run([*command, "load", file, "--store", store], check=True, capture_output=True)
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        with process([*command[1:], "serve", "--port", str(port), "--store", store], f"{base}/prov-api/"):
            yield addresses(base)


def addresses(base: str) -> dict[str, str]:
    paths = {name: "search" if name == "SEARCH" else f"{name.lower()}-api" for name in SERVICES}
    return {f"PROVENA_{name}_API": f"{base}/{path}" for name, path in paths.items()} | {
        "PROVENA_ACCESS_TOKEN": "x"
    }


async def asked(client: Client, tool: str, arguments: dict[str, Any]) -> None:
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        sys.exit(f"{tool} failed: {answer.content}")


async def timed_answer(client: Client, question: Question) -> float:
    started = time.perf_counter()
    await asked(client, question.tool, question.arguments)
    return time.perf_counter() - started


async def timed_fetches(client: Client, question: Question) -> float:
    started = time.perf_counter()
    for route, item_id in question.needs:
        await asked(client, "fetch", {"route": route, "starting_id": item_id, "depth": DEPTH})
    return time.perf_counter() - started


async def compare(table: Table, environment: dict[str, str], inputs: int, repeat: int) -> None:
    async with Client(package_server(environment)) as ours, Client(bare_server(environment)) as bare:
        for question in questions(inputs):
            await timed_answer(ours, question)
            await timed_fetches(bare, question)
            mine: list[float] = []
            theirs: list[float] = []
            for _ in range(repeat):
                mine.append(await timed_answer(ours, question))
                theirs.append(await timed_fetches(bare, question))
            table.compare(question.tool, mine, theirs, AIM)


def measure(table: Table, quick: bool) -> None:
    inputs = 5 if quick else 8
    items = programme(inputs)
    with served(items) as environment:
        table.note(f"answers about a programme of {len(items):,} items, embedded, over HTTP:")
        asyncio.run(compare(table, environment, inputs, 5 if quick else 11))
