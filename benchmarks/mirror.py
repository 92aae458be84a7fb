"""How fast a deployment is mirrored, against bare requests for the same pages of items.

The deployment is an embedded Provena of 20,000 items, datasets and runs of the sample world's shapes, served
by a process of its own. Ours: 'provena-mcp local pull' into a new mirror, its start included; every item is
checked, kept, indexed for search and its provenance lodged. Bare: the pages of the general list, one after
the other over one connection, parsed and thrown away.
"""

from __future__ import annotations

import copy
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measurement import SERVICES, Table, free_port, process
from provena_mcp.client.raw_items import PAGE_SIZE
from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source, sample_source
from provena_mcp.embedded.store import Store

AIM = 0.5
MOST_MEGABYTES = 200.0
LIST = "/registry-api/registry/general/list"
DAY = 86_400


def world(count: int) -> Iterator[dict[str, Any]]:
    """The sample world, then datasets and the runs that made each from the one before, a minute apart."""
    items: list[Any] = [item for item in sample_source().items if isinstance(item, dict)]
    yield from items
    dataset = next(item for item in items if item["item_subtype"] == "DATASET")
    run = next(item for item in items if item["item_subtype"] == "MODEL_RUN" and item["record"]["outputs"])
    for number in range((count - len(items)) // 2):
        when = 1_600_000_000 + 60 * number
        times = {"created_timestamp": when, "updated_timestamp": when}
        yield {**dataset, **times, "id": f"made/{number}", "display_name": f"Dataset {number}"}
        record = copy.deepcopy(run["record"])
        record["inputs"][0]["dataset_id"] = f"made/{max(0, number - 1)}"
        record["outputs"][0]["dataset_id"] = f"made/{number}"
        yield {**run, **times, "id": f"run/{number}", "display_name": f"Run {number}", "record": record}


def bare(base: str) -> tuple[float, int]:
    """Seconds that the pages take, and how many items they hold."""
    request: dict[str, Any] = {
        "filter_by": {"record_type": "ALL"},
        "sort_by": {"sort_type": "CREATED_TIME", "ascending": True},
        "page_size": PAGE_SIZE,
    }
    count, started = 0, time.perf_counter()
    with httpx.Client(timeout=60) as client:
        while True:
            page = client.post(base + LIST, json=request).raise_for_status().json()
            count += len(page["items"])
            if page["pagination_key"] is None:
                return time.perf_counter() - started, count
            request["pagination_key"] = page["pagination_key"]


def pull(base: str, mirror: Path) -> tuple[float, float]:
    """Seconds that a pull takes, and the most memory of its process in megabytes."""
    addresses = {f"PROVENA_{name}_API": base + BASE_PATHS[name.lower()] for name in SERVICES}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    environment = inherited | addresses | {"PROVENA_ACCESS_TOKEN": "none"}
    command = [sys.executable, "-m", "provena_mcp", "local", "pull", "--mirror", str(mirror)]
    started = time.perf_counter()
    pulling = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(pulling.pid, 0)
    pulling.returncode = os.waitstatus_to_exitcode(status)
    if pulling.returncode:
        sys.exit("The pull failed.")
    return time.perf_counter() - started, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


def measure(table: Table, quick: bool) -> None:
    items, count = (4_000, 1) if quick else (20_000, 3)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "deployment.sqlite3")
        load_items(store, Source(tuple(world(items))))
        store.close()
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        command = ["-m", "provena_mcp", "local", "serve", "--port", str(port), "--store", store.path]
        with process(command, f"{base}/prov-api/"):
            bare(base)
            rounds = [(bare(base), pull(base, Path(folder) / f"{n}.sqlite3")) for n in range(count)]
    pulled = rounds[0][0][1]
    limit = pulled / statistics.median(seconds for (seconds, _), _ in rounds)
    ours = pulled / statistics.median(seconds for _, (seconds, _) in rounds)
    table.add(f"a pull of {pulled:,} items", ours, limit, AIM, unit="items/s", at_least=True)
    most = max(megabytes for _, (_, megabytes) in rounds)
    table.within("the most memory of a pull", most, MOST_MEGABYTES, "MB")
