"""Lineage out of the embedded store against a breadth-first search over dicts in memory.

The yardstick holds the whole graph in dicts and only appends bare tuples; ours answers with the value that
the routes answer with, a ProvenanceGraph of Links and kinds, in a transaction of its own. Ours is timed
twice: over the arrays that a process fills once it has walked much, and by SQL alone, as before that. The
ratio is that of the best of several runs taken in turn, without garbage collection, as timeit has it.

The exponents say how the cost grows: the time of an answer with its links, and the time a link with the
links of the store.

The world is what model runs assert, each run using recent outputs of others.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.measurement import Table
from provena_mcp.embedded.adjacency import Adjacency
from provena_mcp.embedded.graph import lodge
from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Direction, Kind, ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset

RUNS_A_BATCH = 5_000
REPEATS = 7
LARGE = 10_000
AIM_LARGE, AIM_SMALL = 3.0, 12.0
SIZES = (100_000, 1_000_000)

Graphs = Iterator[tuple[str, ProvenanceGraph]]
Ahead = dict[str, list[tuple[str, str]]]


def runs(seed: int) -> Graphs:
    """Endless model runs: four inputs among the last 400 outputs, one output, 40 people, 30 workflows."""
    rng = random.Random(seed)
    datasets = [f"bench/o{-number}" for number in range(1, 401)]
    for number in range(sys.maxsize):
        workflow = rng.randrange(30)
        inputs = tuple(
            TemplatedDataset(dataset_template_id=f"bench/in{workflow}", dataset_id=dataset_id)
            for dataset_id in rng.sample(datasets[-400:], 4)
        )
        output = f"bench/o{number}"
        record = ModelRunRecord(
            workflow_template_id=f"bench/w{workflow}",
            inputs=inputs,
            outputs=(TemplatedDataset(dataset_template_id=f"bench/out{workflow}", dataset_id=output),),
            display_name="run",
            description="run",
            study_id=f"bench/s{number // 100}",
            associations=Associations(modeller_id=f"bench/p{rng.randrange(40)}"),
            start_time=0,
            end_time=1,
        )
        datasets.append(output)
        yield f"bench/r{number}", assert_model_run(f"bench/r{number}", record, f"bench/m{workflow}")


class InMemory:
    """The same graph as plain dicts."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.ahead: dict[Direction, Ahead] = {"upstream": {}, "downstream": {}}
        self.links: set[tuple[str, str]] = set()

    def add(self, graph: ProvenanceGraph) -> None:
        self.kinds.update(graph.nodes)
        for link in graph.links:
            if (link.source, link.target) not in self.links:
                self.links.add((link.source, link.target))
                self.ahead["upstream"].setdefault(link.source, []).append((link.relation, link.target))
                self.ahead["downstream"].setdefault(link.target, []).append((link.relation, link.source))

    def tuples(self, start: str, direction: Direction, depth: int) -> list[tuple[str, str, str]]:
        ahead = self.ahead[direction]
        seen = {start}
        rim = [start]
        found: list[tuple[str, str, str]] = []
        for _ in range(depth):
            beyond: list[str] = []
            for node in rim:
                for relation, other in ahead.get(node, ()):
                    found.append((node, relation, other))
                    if other not in seen:
                        seen.add(other)
                        beyond.append(other)
            rim = beyond
            if not rim:
                break
        return found


def fill(store: Store, memory: InMemory, world: Graphs, edges: int) -> str:
    """Lodge runs until both sides hold ``edges`` links; the last run."""
    last = ""
    while len(memory.links) < edges:
        batch = list(islice(world, min(RUNS_A_BATCH, 1 + (edges - len(memory.links)) // 12)))
        with store.write() as connection:
            lodge(connection, batch)
        for _, graph in batch:
            memory.add(graph)
        last = batch[-1][0]
    return last


def best(*sides: Callable[[], object]) -> list[float]:
    """The best time of each side in seconds, run in turn."""
    gc.disable()
    times = [float("inf")] * len(sides)
    for _ in range(REPEATS):
        for number, side in enumerate(sides):
            begin = time.perf_counter()
            side()
            times[number] = min(times[number], time.perf_counter() - begin)
    return times


Timed = tuple[str, int, int, float]


def compare(
    table: Table,
    store: Store,
    adjacency: Adjacency,
    memory: InMemory,
    start: str,
    direction: Direction,
    depth: int,
) -> Timed:
    """Time one exploration on all sides; ours, over the arrays."""

    def over_arrays() -> ProvenanceGraph:
        with store.read() as connection:
            return explore(connection, start, direction, depth, adjacency.neighbourhood)

    def by_sql() -> ProvenanceGraph:
        with store.read() as connection:
            return explore(connection, start, direction, depth)

    expected = sorted(memory.tuples(start, direction, depth))
    for answer in (over_arrays(), by_sql()):
        found = sorted(
            (link.source, link.relation, link.target)
            if direction == "upstream"
            else (link.target, link.relation, link.source)
            for link in answer.links
        )
        if found != expected or any(memory.kinds[node] != kind for node, kind in answer.nodes.items()):
            sys.exit(f"{direction} of {start}, depth {depth}: the sides differ.")
    ours, sql, bare = best(over_arrays, by_sql, lambda: memory.tuples(start, direction, depth))
    aim = AIM_LARGE if len(expected) >= LARGE else AIM_SMALL
    what = f"{direction}, {depth} hops, {len(expected):,} links (SQL alone {sql / bare:.1f})"
    table.add(what, ours * 1000, bare * 1000, aim)
    return direction, depth, len(expected), ours


def exponent(points: list[tuple[float, float]]) -> float:
    """The slope of a line through the logarithms, by least squares."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(column) / len(logs) for column in zip(*logs, strict=True))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def measure_size(table: Table, edges: int, folder: Path) -> list[Timed]:
    """Every comparison at one size; our times."""
    store, memory = Store(folder / f"{edges}.sqlite3"), InMemory()
    begin = time.perf_counter()
    last = fill(store, memory, runs(seed=7), edges)
    made = time.perf_counter() - begin
    adjacency = Adjacency(store)
    begin = time.perf_counter()
    adjacency.fill()
    filled = time.perf_counter() - begin
    size = f"{len(memory.links):,} links, {len(memory.kinds):,} items"
    table.note(f"a store of {size}, made in {made:.1f} s, arrays in {filled:.1f} s:")
    asked: list[tuple[str, Direction, int]] = [
        *((last, "upstream", depth) for depth in (1, 3, 5, 7, 9, 11, 15, 25, 100)),
        *(("bench/o0", "downstream", depth) for depth in (1, 4, 8, 16, 24, 40, 100)),
    ]
    times = [compare(table, store, adjacency, memory, *question) for question in asked]
    over_links = exponent([(links, seconds) for _, _, links, seconds in times])
    table.note(f"time grows with the answer's links to the power of {over_links:.2f}")
    adjacency.close()
    store.close()
    return times


def growth(sizes: Sequence[int], times: Sequence[list[Timed]]) -> float:
    """The exponent with which the time of a link of small answers grows with the store."""
    small = [[timed for timed in at if timed[0] == "upstream" and timed[1] <= 9] for at in times]
    per_link = [
        math.exp(sum(math.log(seconds / links) for _, _, links, seconds in at) / len(at)) for at in small
    ]
    return exponent(list(zip(map(float, sizes), per_link, strict=True)))


def measure(table: Table, quick: bool) -> None:
    sizes = SIZES[:1] if quick else SIZES
    with tempfile.TemporaryDirectory() as folder:
        times = [measure_size(table, edges, Path(folder)) for edges in sizes]
    if len(sizes) > 1:
        table.note(f"time a link grows with the store's links to the power of {growth(sizes, times):.2f}")
