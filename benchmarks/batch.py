"""How fast a batch of runs is registered, against bare SQLite inserts of the same rows.

Ours: one request to the embedded Provena in process, until its worker has finished every run: judged,
lodged in registry and graph, indexed for search, each whole or not at all within the transaction of its
group. Bare: the rows that this left, inserted into an empty store of the same tables by plain sqlite3,
committed once per run with synchronous=FULL.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measurement import Table
from provena_mcp.embedded.app import create_app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.rules.large_values import collect_seldom

AIM = 0.55
Rows = dict[str, list[tuple[Any, ...]]]

# Which table's rows belong to a run, by what of each names it: the run's id or its node's key.
_OF_A_RUN = {
    "item": "SELECT * FROM item WHERE id = :id",
    "item_text": "SELECT item_text.rowid, name, body FROM item JOIN item_text ON item_text.rowid = item.key "
    "WHERE item.id = :id",
    "node": "SELECT * FROM node WHERE id = :id",
    "node_record": "SELECT node_record.* FROM node JOIN node_record ON record = node.key WHERE node.id = :id",
    "link_record": "SELECT link_record.* FROM node JOIN link_record ON record = node.key WHERE node.id = :id",
    "link": "SELECT link.* FROM node JOIN link ON node.key IN (link.source, link.target) WHERE node.id = :id",
    "job": "SELECT * FROM job WHERE json_extract(result, '$.record.id') = :id",
}
_COLUMNS = {"item_text": "(rowid, name, body)"}


def a_record() -> dict[str, Any]:
    """The run of the sample world's with most annotations, to be registered again and again."""
    records: list[Any] = [
        item["record"] for item in sample_source().items if isinstance(item, dict) and "record" in item
    ]
    return max(records, key=lambda record: len(record.get("annotations") or {}))


async def register(store: Store, count: int) -> float:
    """Seconds from the request to the last run lodged."""
    app = create_app(store)
    one = a_record()
    records = [{**one, "display_name": f"Run {number}"} for number in range(count)]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://embedded", timeout=None) as client,
    ):
        started = time.perf_counter()
        answer = await client.post("/prov-api/model_run/register_batch", json={"records": records})
        answer.raise_for_status()
        while unfinished(store):
            await asyncio.sleep(0.02)
        return time.perf_counter() - started


def unfinished(store: Store) -> bool:
    with store.read() as connection:
        return bool(connection.execute("SELECT 1 FROM job WHERE lease_until IS NOT NULL LIMIT 1").fetchone())


def rows_of_runs(store: Store) -> list[Rows]:
    """What each registered run left in the store."""
    with store.read() as connection:
        ids = connection.execute(
            "SELECT json_extract(result, '$.record.id') FROM job WHERE subtype = 'MODEL_RUN_PROV_LODGE' "
            "AND status = 'SUCCEEDED'"
        ).fetchall()
        return [dict(_rows(connection, run_id)) for (run_id,) in ids]


def _rows(connection: sqlite3.Connection, run_id: str) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    for table, question in _OF_A_RUN.items():
        yield table, connection.execute(question, {"id": run_id}).fetchall()


def insert(path: Path, runs: list[Rows]) -> float:
    """Seconds to insert the same rows into a new store, one commit per run."""
    Store(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    width = {table: len(rows[0]) for run in runs for table, rows in run.items() if rows}
    statement = {table: _insertion(table, columns) for table, columns in width.items()}
    started = time.perf_counter()
    for run in runs:
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in run.items():
            connection.executemany(statement[table], rows)
        connection.execute("COMMIT")
    taken = time.perf_counter() - started
    connection.close()
    return taken


def _insertion(table: str, columns: int) -> str:
    values = ", ".join("?" * columns)
    return " ".join(("INSERT OR IGNORE INTO", table, _COLUMNS.get(table, ""), "VALUES (", values, ")"))


@contextmanager
def as_served() -> Generator[None]:
    """Collect garbage as a server does, for both that are compared."""
    thresholds = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def measure(table: Table, quick: bool) -> None:
    with as_served():
        compare(table, quick)


def compare(table: Table, quick: bool) -> None:
    runs, rounds = (300, 1) if quick else (1000, 3)
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "ours.sqlite3")
            load_items(store, sample_source())
            times["ours"].append(asyncio.run(register(store, runs)))
            left = rows_of_runs(store)
            store.close()
            assert len(left) == runs, f"{len(left)} of {runs} runs were lodged"
            times["bare"].append(insert(Path(folder) / "bare.sqlite3", left))
    rate = {who: runs / statistics.median(taken) for who, taken in times.items()}
    size = sum(len(json.dumps(rows, default=str)) for rows in left[0].values())
    table.add(f"a batch of {runs:,} runs", rate["ours"], rate["bare"], AIM, unit="runs/s", at_least=True)
    table.note(f"{sum(map(len, left[0].values()))} rows and {size:,} characters a run")
