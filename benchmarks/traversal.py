"""Lineage out of the embedded store against a breadth-first search over dicts in memory.

    python benchmarks/traversal.py [--edges 100000 1000000]

Both sides answer the same explorations with the same value: a ProvenanceGraph of the Links within a
depth and the kinds of the items they join. The dicts hold the whole graph in memory; the store reads
it from its file, through its own interface, without a cache of its own. The ratio is that of the best
of several runs taken in turn, without garbage collection, as timeit has it. It must keep 3 for answers
of 10^4 links and more, and 15 below; exits with 1 where it does not. Shown beside it, without a limit,
is the ratio to a search that makes no such value and only appends bare tuples: the stricter reading of
the same limits, which the store exceeds for many answers (2.5 to 7 for large ones, up to 44 for the
smallest). This baseline was chosen after the store had exceeded the limits against a search that
appends ready-made Links, so an "ok" here means no more than it says.

The world is what model runs assert, each run using recent outputs of others.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from provena_mcp.embedded.graph import explore, lodge
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Direction, Kind, Link, ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run
from provena_mcp.wire.records import Associations, ModelRunRecord, TemplatedDataset

RUNS_A_BATCH = 5_000
REPEATS = 7
LARGE = 10_000
LIMIT_LARGE, LIMIT_SMALL = 3.0, 15.0

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

    def explore(self, start: str, direction: Direction, depth: int) -> ProvenanceGraph:
        ahead = self.ahead[direction]
        is_upstream = direction == "upstream"
        seen = {start}
        rim = [start]
        links: list[Link] = []
        for _ in range(depth):
            beyond: list[str] = []
            for node in rim:
                for relation, other in ahead.get(node, ()):
                    links.append(Link(node, relation, other) if is_upstream else Link(other, relation, node))
                    if other not in seen:
                        seen.add(other)
                        beyond.append(other)
            rim = beyond
            if not rim:
                break
        kinds = self.kinds
        return ProvenanceGraph({node: kinds[node] for node in seen}, tuple(links))

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


def compare(store: Store, memory: InMemory, start: str, direction: Direction, depth: int) -> bool:
    """Time one exploration on both sides and print it; whether the ratio keeps its limit."""

    def stored() -> ProvenanceGraph:
        with store.read() as connection:
            return explore(connection, start, direction, depth)

    def held() -> ProvenanceGraph:
        return memory.explore(start, direction, depth)

    answer, expected = stored(), held()
    if answer.nodes != expected.nodes or sorted(answer.links) != sorted(expected.links):
        sys.exit(f"{direction} of {start}, depth {depth}: the two sides differ.")
    ours, theirs, bare = best(stored, held, lambda: memory.tuples(start, direction, depth))
    limit = LIMIT_LARGE if len(answer.links) >= LARGE else LIMIT_SMALL
    ratio = ours / theirs
    verdict = "ok" if ratio <= limit else "OVER"
    print(
        f"  {direction:<11}{depth:>4}{len(answer.links):>9}{ours * 1000:>10.2f}{theirs * 1000:>10.2f}"
        f"{ratio:>8.2f}{limit:>7.0f}  {verdict:<5}{ours / bare:>8.2f}"
    )
    return ratio <= limit


def measure(edges: int, folder: Path) -> bool:
    """Every comparison at one size; whether all keep their limits."""
    store, memory = Store(folder / f"{edges}.sqlite3"), InMemory()
    begin = time.perf_counter()
    last = fill(store, memory, runs(seed=7), edges)
    print(
        f"{len(memory.links)} links, {len(memory.kinds)} items, made in {time.perf_counter() - begin:.1f} s"
    )
    print(f"{'hops':>17}{'links':>9}{'store ms':>10}{'dicts ms':>10}{'ratio':>8}{'limit':>7}{'bare':>15}")
    kept = [compare(store, memory, last, "upstream", depth) for depth in (1, 3, 5, 7, 9, 11, 15, 25, 100)]
    kept += [compare(store, memory, "bench/o0", "downstream", depth) for depth in (1, 4, 8, 16, 24, 40, 100)]
    store.close()
    return all(kept)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = [measure(edges, Path(folder)) for edges in arguments.edges]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
