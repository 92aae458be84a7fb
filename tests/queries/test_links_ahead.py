"""What few queries tell of many items is what their own links say."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.client.service import ItemPage, UnreadRow
from provena_mcp.errors import DeploymentError, ForbiddenError, NotFoundError, ProvenaError
from provena_mcp.lineage.impact import find_impact
from provena_mcp.queries.answers.impact_evidence import ImpactEvidence, gather_evidence
from provena_mcp.queries.answers.links_ahead import LinksAhead, read_links_ahead
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.rules.graph import UNKNOWN, Kind, Link, ProvenanceGraph
from tests.queries.capped_provena import CappedProvena, chain, gather
from tests.worlds.random_worlds import makers_in, worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover


def capped(hops: int) -> DepthCap:
    cap = DepthCap()
    cap.learn(hops)
    return cap


def ahead_of(world: ProvenanceGraph, start: str, cap: int) -> tuple[set[str], LinksAhead, int]:
    """The start and all it affects, what was read of them, and with how many queries."""
    downstream = gather(world, cap, "downstream", start, 20).graph
    hops = find_impact(downstream, (start,), 20).hops
    provena = CappedProvena(world, cap)
    ahead = asyncio.run(read_links_ahead(provena, capped(cap), downstream, hops))
    return set(hops), ahead, provena.answered


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(world=worlds(), cap=st.integers(1, 6), data=st.data())
def test_makers_agents_and_studies_of_all_affected_items_are_those_of_the_world(
    world: ProvenanceGraph, cap: int, data: st.DataObject
):
    start = data.draw(st.sampled_from(sorted(world.nodes)))
    affected, ahead, asked = ahead_of(world, start, cap)

    assert ahead.known == affected
    assert asked <= len(affected)
    assert set(ahead.naming.links) == {
        link
        for link in world.links
        if link.source in affected
        and (world.nodes[link.target].category == "AGENT" or world.nodes[link.target].subtype == "STUDY")
    }
    assert ahead.makers == {
        item: tuple(makers_in(world, item, "MODEL_RUN"))
        for item in affected
        if world.nodes[item].subtype == "DATASET"
    }


def test_one_query_tells_of_all_items_on_the_way_to_the_farthest():
    affected, ahead, asked = ahead_of(chain(8, "MODEL_RUN"), "d8", 10)
    assert (len(affected), asked) == (9, 1)
    assert ahead.makers == {"d8": (), "d6": ("r7",), "d4": ("r5",), "d2": ("r3",), "d0": ("r1",)}


def test_of_more_than_few_queries_tell_only_the_deep_ones_are_asked():
    runs = {f"run/{number:02}": Kind("ACTIVITY", "MODEL_RUN") for number in range(40)}
    fan = ProvenanceGraph(
        {"data": Kind("ENTITY", "DATASET"), **runs}, tuple(Link(run, "used", "data") for run in runs)
    )
    _, ahead, asked = ahead_of(fan, "data", 10)
    assert asked == 4
    assert ahead.known == {"data", "run/36", "run/37", "run/38", "run/39"}


def test_of_two_answers_the_one_that_holds_a_kind_is_believed():
    run, dataset = Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET")
    link = (Link("r", "used", "d"),)
    downstream = ProvenanceGraph({"r": run, "d": UNKNOWN}, link)
    naming = ProvenanceGraph({"r": UNKNOWN, "d": dataset}, link)
    impact = find_impact(downstream, ("d",), 1)
    evidence = ImpactEvidence(downstream, naming, impact, (), {}, ())
    assert evidence.kinds == {"r": "MODEL_RUN", "d": "DATASET"}


def impact_with(failure: ProvenaError) -> ImpactEvidence:
    """The impact of a dataset used by 40 runs of a study, beside which another fails like that if asked."""
    runs = {f"run/{number:02}": Kind("ACTIVITY", "MODEL_RUN") for number in range(40)}
    nodes = {
        "data": Kind("ENTITY", "DATASET"),
        "study": Kind("ACTIVITY", "STUDY"),
        "model": Kind("ENTITY", "MODEL"),
        "recipe": Kind("ENTITY", "WORKFLOW_TEMPLATE"),
        "ann": Kind("AGENT", "PERSON"),
        **runs,
    }
    used = [Link(run, "used", each) for run in runs for each in ("data", "model", "recipe")]
    named = [
        Link(run, relation, each)
        for run in runs
        for relation, each in (("wasInformedBy", "study"), ("wasAssociatedWith", "ann"))
    ]
    links = [*used, *named]

    async def pages(request: Any) -> AsyncIterator[ItemPage]:
        yield ItemPage((), (UnreadRow("study"), UnreadRow("bad")))

    prov = CappedProvena(ProvenanceGraph(nodes, tuple(links)), 10, {"bad": failure})
    client = SimpleNamespace(prov=prov, registry=SimpleNamespace(pages=pages))
    reader = cast(Reader, SimpleNamespace(client=client, caller="ann"))
    return asyncio.run(gather_evidence(reader, capped(10), ["data"], 5, follow_versions=False))


@pytest.mark.parametrize("failure", [DeploymentError("It broke."), NotFoundError("There is none.")], ids=repr)
def test_a_study_that_cannot_be_asked_leaves_the_answer_of_the_others(failure: ProvenaError):
    evidence = impact_with(failure)
    assert evidence.incomplete_because == ("1 study could not be asked",)
    assert sum(link.target == "study" for link in evidence.naming.links) == 40


def test_who_may_not_ask_is_told_so():
    with pytest.raises(ForbiddenError):
        impact_with(ForbiddenError("No role."))
