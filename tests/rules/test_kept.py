"""What a graph works out once: no thread waits for what another works out of another graph."""

import threading
from collections.abc import Iterator

from provena_mcp.rules.graph import Columns, Kind, ProvenanceGraph


class Waiting(list[str]):
    """Ids that, once they are numbered, let another thread number those of another graph and wait for it."""

    def __init__(self, ids: tuple[str, ...], other: ProvenanceGraph) -> None:
        super().__init__(ids)
        self.other = other
        self.is_done: list[bool] = []

    def __iter__(self) -> Iterator[str]:
        thread = threading.Thread(target=lambda: self.other.numbers, daemon=True)
        thread.start()
        thread.join(timeout=5)
        self.is_done.append(not thread.is_alive())
        return super().__iter__()


def graph_of(ids: list[str]) -> ProvenanceGraph:
    return ProvenanceGraph.of_columns(Columns(ids, [Kind("ENTITY", "DATASET")] * len(ids), [], [], []))


def test_a_graph_is_numbered_while_another_one_is() -> None:
    small = graph_of(["a"])
    ids = Waiting(("b", "c"), small)

    assert graph_of(ids).numbers == {"b": 0, "c": 1}
    assert (ids.is_done, small.numbers) == ([True], {"a": 0})


def test_what_was_worked_out_is_kept() -> None:
    graph = graph_of(["a", "b"])

    assert graph.numbers is graph.numbers
