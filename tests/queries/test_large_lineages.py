"""What of a large lineage is worked out on the event loop: nothing that walks all of it."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anyio import to_thread

from provena_mcp.lineage.pages import PageRequest
from provena_mcp.queries.answers.impact_evidence import gather_evidence
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import LARGE_ITEMS, DepthCap, in_thread
from provena_mcp.queries.lineage.lineage_page import LineageQuestion, RecentLineage, answer_lineage
from provena_mcp.queries.lineage.neighbourhood import CheckedExplorer
from provena_mcp.rules.graph import Columns, Kind, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery


class Watched(list[Any]):
    """Notes which threads walk it, or look many times into it."""

    def __init__(self, values: list[Any]) -> None:
        super().__init__(values)
        self.walked_by: set[int] = set()
        self.looks: dict[int, int] = {}

    def __iter__(self) -> Iterator[Any]:
        self.walked_by.add(threading.get_ident())
        return super().__iter__()

    def __getitem__(self, place: Any) -> Any:
        thread = threading.get_ident()
        self.looks[thread] = self.looks.get(thread, 0) + 1
        if self.looks[thread] > LARGE_ITEMS:
            self.walked_by.add(thread)
        return super().__getitem__(place)


class WatchedProvena:
    """Answers every query with one large lineage: a dataset made by a run from very many others.

    One of those a run has made. Both runs name what every run names.
    """

    def __init__(self) -> None:
        inputs = LARGE_ITEMS + 1
        dataset, run = Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN")
        first = inputs + 2
        named = ["model", "recipe", "ann"]
        kinds = [Kind("ENTITY", "MODEL"), Kind("ENTITY", "WORKFLOW_TEMPLATE"), Kind("AGENT", "PERSON")]
        naming = ["used", "used", "wasAssociatedWith"]
        whom = [first + 1, first + 2, first + 3]
        self.columns = Columns(
            Watched(["made", "run", *(f"input/{number}" for number in range(inputs)), "first", *named]),
            Watched([dataset, run, *[dataset] * inputs, run, *kinds]),
            Watched([0, *[1] * inputs, 2, *[1] * 3, *[first] * 3]),
            Watched(["wasGeneratedBy", *["used"] * inputs, "wasGeneratedBy", *naming, *naming]),
            Watched([1, *range(2, first), first, *whom, *whom]),
        )

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        return ProvenanceGraph.of_columns(self.columns)


@pytest.mark.parametrize(
    ("query", "depth", "is_whole", "roots"),
    [
        ("upstream", 4, True, LARGE_ITEMS + 3),
        ("upstream", 2, False, LARGE_ITEMS + 4),
        ("contributing_datasets", 4, True, LARGE_ITEMS + 1),
    ],
)
def test_no_large_lineage_is_walked_on_the_event_loop(
    query: LineageQuery, depth: int, is_whole: bool, roots: int
) -> None:
    provena = WatchedProvena()
    client = SimpleNamespace(prov=provena)
    reader = cast(Reader, SimpleNamespace(client=client, caller="ann"))
    recent: RecentLineage = BoundedCache(entries=1, seconds=60, clock=lambda: 0.0)
    question = LineageQuestion(query, "made", depth, PageRequest(names=False))

    result = asyncio.run(answer_lineage(reader, DepthCap(), recent, question))

    assert (result.complete, result.roots.count) == (is_whole, roots)
    loop = threading.get_ident()
    assert [name for name, column in provena.columns._asdict().items() if loop in column.walked_by] == []


def test_no_large_answer_about_what_is_affected_is_walked_on_the_event_loop() -> None:
    provena = WatchedProvena()
    reader = cast(Reader, SimpleNamespace(client=SimpleNamespace(prov=provena), caller="ann"))

    evidence = asyncio.run(gather_evidence(reader, DepthCap(), ["first"], 5, follow_versions=False))

    assert [item.id for item in evidence.impact.affected] == ["input/0", "run", "made"]
    assert evidence.makers == {"input/0": ("first",), "made": ("run",)}
    loop = threading.get_ident()
    assert [name for name, column in provena.columns._asdict().items() if loop in column.walked_by] == []


def test_a_small_answer_is_not_compared_with_a_large_one_on_the_event_loop() -> None:
    provena = WatchedProvena()

    class SmallBelow:
        async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
            if query == "upstream":
                return await provena.explore(query, starting_id, depth)
            return ProvenanceGraph({"made": Kind("ENTITY", "MODEL")})

    async def ask_both() -> tuple[str, ...]:
        checked = CheckedExplorer(SmallBelow())
        await checked.explore("upstream", "made", 4)
        await checked.explore("downstream", "made", 4)
        return checked.doubts

    assert asyncio.run(ask_both()) == (
        "the service gave 1 item another kind than in an earlier answer: made",
    )
    loop = threading.get_ident()
    assert [name for name, column in provena.columns._asdict().items() if loop in column.walked_by] == []


@pytest.mark.asyncio
async def test_those_who_wait_for_files_have_threads_however_much_is_computed() -> None:
    goes_on = threading.Event()
    computed = [asyncio.create_task(in_thread(goes_on.wait, 30)) for _ in range(60)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(10):
            read = await to_thread.run_sync(lambda: "read")
    finally:
        goes_on.set()
    assert (read, await asyncio.gather(*computed)) == ("read", [True] * 60)


@pytest.mark.asyncio
async def test_what_is_computed_for_nobody_any_more_keeps_its_thread_until_it_ends() -> None:
    begun, goes_on, next_begun = threading.Semaphore(0), threading.Event(), threading.Event()

    def compute() -> None:
        begun.release()
        goes_on.wait(30)

    computed = [asyncio.create_task(in_thread(compute)) for _ in range(4)]
    for _ in computed:
        assert await to_thread.run_sync(begun.acquire, True, 10)
    for task in computed:
        task.cancel()
    await asyncio.wait(computed)
    assert all(task.cancelled() for task in computed)
    another = asyncio.create_task(in_thread(next_begun.set))
    try:
        assert not await to_thread.run_sync(next_begun.wait, 0.2)
    finally:
        goes_on.set()
    await another
    assert next_begun.is_set()


@pytest.mark.asyncio
async def test_who_waits_for_what_stops_short_is_told() -> None:
    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError, match="stopped short"):
            await in_thread(next, iter(()))
