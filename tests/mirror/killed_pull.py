"""A mirror pulled over HTTP by a process that is killed again and again, while the deployment changes.

    python -m tests.mirror.killed_pull [--times 50] [--items 3000] [--seed 1]

Prints at what the pulls were when they were killed, and whether the mirror is the deployment at the end:
the same items, and the same links.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.items import delete_item, every_raw
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from tests.embedded.server_process import free_port, serving
from tests.mirror.deployment import links
from tests.worlds.small import Json, dataset, furniture, model_run

# Every so many kills the deployment has changed.
_CHANGES_EVERY = 3


@dataclass
class Outcome:
    """At what the pulls were, and what is different at the end."""

    kills: int = 0
    at: Counter[str] = field(default_factory=Counter[str])
    items: int = 0
    differing_items: int = 0
    differing_links: int = 0


def survive(folder: Path, *, times: int, items: int, seed: int) -> Outcome:
    """Pull ``items`` items and their changes into a mirror in ``folder``, killed ``times`` times."""
    chance = random.Random(seed)
    path, mirror, port = folder / "deployment.sqlite3", folder / "mirror.sqlite3", free_port()
    deployment = Store(path)
    load_items(deployment, Source(tuple(_world(items))))
    outcome = Outcome()
    with serving(path, port):
        longest = _whole_pull(port, folder / "measured.sqlite3")
        while outcome.kills < times:
            if outcome.kills % _CHANGES_EVERY == 0:
                _change(deployment, chance, outcome.kills)
            whole = chance.random() < 0.5
            pull = _start(port, mirror, whole=whole)
            try:
                pull.wait(chance.uniform(longest / 4, longest))
            except subprocess.TimeoutExpired:
                pull.kill()
                pull.wait()
                outcome.kills += 1
                outcome.at[_state(mirror)] += 1
        _gone(deployment, chance)
        assert _start(port, mirror, whole=True).wait() == 0
    _compare(deployment, mirror, outcome)
    deployment.close()
    return outcome


def _world(count: int) -> list[Json]:
    runs = count // 2
    data = [dataset(f"w/d{number}", 100 + number) for number in range(count - runs)]
    made = [
        model_run(f"w/r{number}", [f"w/d{number}"], [f"w/d{number + 1}"], 200 + number)
        for number in range(runs - 1)
    ]
    return [*furniture(), *data, *made]


def _change(deployment: Store, chance: random.Random, step: int) -> None:
    now = int(time.time())
    edited = f"w/d{chance.randrange(50)}"
    news = [
        dataset(f"w/new-{step}", now),
        model_run(f"w/new-run-{step}", [edited], [f"w/new-{step}"], now),
        {**dataset(edited, 100), "display_name": f"Edited {step}", "updated_timestamp": now},
    ]
    load_items(deployment, Source(tuple(news)))


def _gone(deployment: Store, chance: random.Random) -> None:
    with deployment.write() as connection:
        for number in chance.sample(range(100, 140), 5):
            delete_item(connection, f"w/d{number}")


def _start(port: int, mirror: Path, *, whole: bool) -> subprocess.Popen[bytes]:
    addresses = {
        f"PROVENA_{name.upper()}_API": f"http://127.0.0.1:{port}{path}" for name, path in BASE_PATHS.items()
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    command = [sys.executable, "-m", "provena_mcp", "local", "pull", "--mirror", str(mirror)]
    return subprocess.Popen(
        [*command, *(["--full"] if whole else [])],
        env=inherited | addresses | {"PROVENA_ACCESS_TOKEN": "none"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _whole_pull(port: int, mirror: Path) -> float:
    """How many seconds a pull takes that nobody kills."""
    began = time.monotonic()
    assert _start(port, mirror, whole=False).wait() == 0
    return time.monotonic() - began


def _state(mirror: Path) -> str:
    if not mirror.exists():
        return "starting"
    connection = sqlite3.connect(mirror)
    try:
        began, key = connection.execute("SELECT began, pass_key FROM mirror").fetchone()
        (pending,) = connection.execute("SELECT count(*) FROM item WHERE pending").fetchone()
    except (sqlite3.Error, TypeError):
        return "starting"
    finally:
        connection.close()
    if began is None:
        return "catching up, or before"
    return "between passing and its end" if key and not pending else "passing through" if key else "beginning"


def _compare(deployment: Store, mirror: Path, outcome: Outcome) -> None:
    copy = Store(mirror, kind="mirror")
    with deployment.read() as theirs, copy.read() as ours:
        expected, held = set(every_raw(theirs)), set(every_raw(ours))
    outcome.items = len(expected)
    outcome.differing_items = len(expected ^ held)
    outcome.differing_links = len(links(deployment) ^ links(copy))
    copy.close()


def main(arguments: list[str]) -> int:
    """Print the outcome; 1 unless the mirror is the deployment."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        outcome = survive(Path(folder), times=asked.times, items=asked.items, seed=asked.seed)
    states = ", ".join(f"{count} {state}" for state, count in outcome.at.most_common())
    sys.stdout.write(
        f"killed {outcome.kills} times ({states}): "
        f"of {outcome.items} items {outcome.differing_items} differ, and {outcome.differing_links} links\n"
    )
    return 0 if (outcome.differing_items, outcome.differing_links) == (0, 0) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
