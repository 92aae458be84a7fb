"""A tangle of cycles that cannot be decided here: the service is asked, where one query reaches."""

import asyncio

import pytest

from provena_mcp.errors import DeadlineError, ProvenaError, UnavailableError
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.lineage_page import gather_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.wire.lineage import LineageQuery
from tests.queries.capped_provena import CappedProvena


class DecidingProvena(CappedProvena):
    """Knows which links a special query returns, however tangled, and keeps what it was asked."""

    def __init__(self, graph: ProvenanceGraph, cap: int, returned: tuple[Link, ...]) -> None:
        super().__init__(graph, cap)
        self.returned = returned
        self.asked: list[LineageQuery] = []

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        answer = await super().explore(query, starting_id, depth)
        self.asked.append(query)
        if query in ("upstream", "downstream"):
            return answer
        ends = {end for link in self.returned for end in (link.source, link.target)}
        return ProvenanceGraph({node: answer.nodes[node] for node in ends}, self.returned)


TANGLED = (
    Link("start", "used", "one"),
    Link("one", "wasGeneratedBy", "crossing"),
    Link("crossing", "used", "other"),
)
UNDECIDED = Link("other", "wasGeneratedBy", "crossing")
TOO_LARGE = "a tangle of cycles was too large to resolve exactly; some links may lie on no single trail"


def a_tangle_that_cannot_be_decided() -> ProvenanceGraph:
    version, dataset = Kind("ACTIVITY", "VERSION"), Kind("ENTITY", "DATASET")
    kinds = {"start": version, "one": dataset, "crossing": version, "other": dataset}
    back = Link("crossing", "wasInformedBy", "start")
    return ProvenanceGraph(kinds, (*TANGLED, UNDECIDED, back))


@pytest.mark.parametrize(("cap", "is_asked"), [(10, True), (3, False)])
def test_of_a_tangle_that_cannot_be_decided_the_service_is_asked_where_one_query_reaches(
    cap: int, is_asked: bool
):
    provena = DecidingProvena(a_tangle_that_cannot_be_decided(), cap, TANGLED)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "start", 8))

    assert ("contributing_datasets" in provena.asked) == is_asked
    assert set(found.graph.links) == {*TANGLED, *(() if is_asked else (UNDECIDED,))}
    assert found.incomplete_because == (None if is_asked else TOO_LARGE)


def test_what_the_service_leaves_out_of_a_tangle_although_it_lies_around_is_told():
    provena = DecidingProvena(a_tangle_that_cannot_be_decided(), 10, TANGLED[:2])
    found = asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "start", 8))

    assert set(found.graph.links) == {*TANGLED[:2]}
    assert (
        found.incomplete_because == "the service left 1 item out of one answer that it gave in another: other"
    )


@pytest.mark.parametrize("failure", [UnavailableError("Down."), DeadlineError("Too slow.")])
def test_of_a_tangle_that_the_service_fails_to_decide_all_is_shown_that_may_lie_on_a_trail(
    failure: ProvenaError,
):
    class Failing(DecidingProvena):
        async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
            if query == "contributing_datasets":
                raise failure
            return await super().explore(query, starting_id, depth)

    provena = Failing(a_tangle_that_cannot_be_decided(), 10, TANGLED)
    found = asyncio.run(gather_lineage(provena, DepthCap(), "contributing_datasets", "start", 8))

    assert set(found.graph.links) == {*TANGLED, UNDECIDED}
    assert found.incomplete_because == TOO_LARGE
