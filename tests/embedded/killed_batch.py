"""A batch of runs registered over HTTP while the process that serves the store is killed again and again.

    python -m tests.embedded.killed_batch [--runs 1000] [--kills 3] [--seed 1]

Prints how many of the runs are lodged, how many twice and how many are lost.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from tests.embedded.server_process import free_port, kill, serving, start, wait_for
from tests.worlds.writable import a_record, writable_world

# What the dead worker held goes on after this, so that nobody waits long.
_LEASE = ("--lease", "0.5")
_PATIENCE = 120.0


@dataclass(frozen=True)
class Fate:
    """What became of a batch."""

    submitted: int
    lodged: int
    twice: int
    lost: int
    kills: int


def survive(folder: Path, *, runs: int, kills: int, seed: int) -> Fate:
    """Register ``runs`` runs in a store in ``folder``, killing its server ``kills`` times meanwhile."""
    path = _world(folder)
    chance = random.Random(seed)
    moments = sorted(chance.sample(range(1, runs), kills))
    port = free_port()
    server = start(path, port, *_LEASE)
    try:
        names = [f"Run {number}" for number in range(runs)]
        batch_session = _register(port, names)
        for moment in moments:
            wait_for(lambda moment=moment: _finished(path) > moment, server, _PATIENCE)
            kill(server)
            server = start(path, port, *_LEASE)
        wait_for(lambda: _finished(path) == runs + 1, server, _PATIENCE)
        assert _job(port, batch_session)["status"] == "SUCCEEDED"
    finally:
        kill(server)
    return _fate(path, names, kills)


def share(folder: Path, *, runs: int) -> Fate:
    """Register ``runs`` runs in a store in ``folder`` that two servers serve."""
    path = _world(folder)
    ports = (free_port(), free_port())
    names = [f"Run {number}" for number in range(runs)]
    with serving(path, ports[0]), serving(path, ports[1]) as other:
        session_id = _register(ports[0], names)
        wait_for(lambda: _finished(path) == runs + 1, other, _PATIENCE)
        assert _job(ports[1], session_id)["status"] == "SUCCEEDED"
    return _fate(path, names, kills=0)


def _world(folder: Path) -> Path:
    path = folder / "store.sqlite3"
    store = Store(path)
    load_items(store, Source(tuple(writable_world())))
    store.close()
    return path


def _fate(path: Path, names: list[str], kills: int) -> Fate:
    connection = sqlite3.connect(path)
    registered = Counter(
        name
        for (name,) in connection.execute(
            """SELECT item.display_name FROM item JOIN node ON node.id = item.id
            JOIN node_record ON node_record.record = node.key AND node_record.node = node.key
            WHERE item.subtype = 'MODEL_RUN' AND NOT item.pending"""
        )
    )
    connection.close()
    return Fate(
        submitted=len(names),
        lodged=sum(registered[name] for name in names),
        twice=sum(registered[name] > 1 for name in names),
        lost=sum(not registered[name] for name in names),
        kills=kills,
    )


def _finished(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM job WHERE lease_until IS NULL").fetchone()[0]
    finally:
        connection.close()


def _register(port: int, names: list[str]) -> str:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/prov-api/model_run/register_batch",
        json={"records": [a_record(display_name=name) for name in names]},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()["session_id"]


def _job(port: int, session_id: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/job-api/jobs/user/fetch"
    return httpx.get(url, params={"session_id": session_id}, timeout=30).json()["job"]


def main(arguments: list[str]) -> int:
    """Print the fate of a batch; 1 unless every run was lodged once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        fate = survive(Path(folder), runs=asked.runs, kills=asked.kills, seed=asked.seed)
    sys.stdout.write(
        f"{fate.submitted} runs submitted, server killed {fate.kills} times: "
        f"{fate.lodged} lodged, {fate.twice} twice, {fate.lost} lost\n"
    )
    return 0 if (fate.lodged, fate.twice, fate.lost) == (fate.submitted, 0, 0) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
