"""Lineage answers to page through: one written by hand, and random ones of the shape Provena holds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version
from provena_mcp.rules.trails import DIRECTION_OF, links_on_trails
from provena_mcp.wire.lineage import LineageQuery
from tests.worlds.records import record, templated


@dataclass(frozen=True)
class Question:
    """A graph, and what is asked of it."""

    graph: ProvenanceGraph
    query: LineageQuery
    start: str
    depth: int

    def view(self) -> LineageView:
        return view_lineage(Lineage(self.graph, self.query, self.start, self.depth))


def ask(world: ProvenanceGraph, query: LineageQuery, start: str, depth: int) -> Question:
    """The part of a world that answers a question."""
    links = links_on_trails(world, start, query, depth).links
    ends = {end for link in links for end in (link.source, link.target)}
    nodes = {node: kind for node, kind in world.nodes.items() if node in ends}
    return Question(ProvenanceGraph(nodes, links), query, start, depth)


def a_run(
    run_id: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    modeller: str = "reef/ann",
    organisation: str | None = "reef/institute",
    study: str | None = "reef/study",
) -> ProvenanceGraph:
    described = record(
        workflow_template_id="reef/recipe",
        inputs=[templated("reef/layout", used) for used in inputs],
        outputs=[templated("reef/layout", made) for made in outputs],
        study_id=study,
        associations={"modeller_id": modeller, "requesting_organisation_id": organisation},
    )
    return assert_model_run(run_id, described, "reef/model")


def a_reef_world() -> ProvenanceGraph:
    """Forcing feeds hydrodynamics feeds growth; the forcing has a new version, and Bo registered it."""
    return ProvenanceGraph().merged(
        (
            a_run("reef/run1", ("reef/forcing",), ("reef/hydro",)),
            a_run("reef/run2", ("reef/hydro", "reef/forcing"), ("reef/growth",), modeller="reef/bo"),
            assert_creation("reef/create", "reef/forcing", "DATASET", "reef/bo"),
            assert_version("reef/version", "reef/old", "reef/forcing", "DATASET", "reef/bo"),
        )
    )


DATASETS = tuple(f"10378.1/19000{number}" for number in range(12))
PEOPLE = tuple(f"10378.1/18000{number}" for number in range(4))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question about a random world, with the links that answer it."""
    some = st.lists(st.sampled_from(DATASETS), max_size=4, unique=True).map(tuple)
    person = st.sampled_from(PEOPLE)
    parts = [
        a_run(
            f"10378.1/17000{number}",
            draw(some),
            draw(some),
            modeller=draw(person),
            organisation=draw(st.sampled_from(("10378.1/5", None))),
            study=draw(st.sampled_from(("10378.1/6", None))),
        )
        for number in range(draw(st.integers(1, 10)))
    ]
    for number in range(draw(st.integers(0, 3))):
        created = draw(st.sampled_from(DATASETS))
        parts.append(assert_creation(f"10378.1/16000{number}", created, "DATASET", draw(person)))
    world = ProvenanceGraph().merged(parts)
    start = draw(st.sampled_from(sorted(world.nodes)))
    return ask(world, draw(st.sampled_from(sorted(DIRECTION_OF))), start, draw(st.integers(1, 12)))


NAMES = st.text(max_size=40) | st.sampled_from(("Sea surface temperature", "0F4A9C21B7", "珊瑚", "🪸 reef"))
REEF_NAMES = {
    "reef/growth": "Coral growth 2020",
    "reef/forcing": "Weather forcing",
    "reef/hydro": "Hydrodynamics",
    "reef/run2": "Growth run",
    "reef/run1": "Hydro run",
    "reef/version": "Version 2 of the forcing",
    "reef/bo": "Bo Berg",
    "reef/ann": "Ann Atoll",
}


def as_json(result: LineageResult) -> dict:
    return json.loads(result.model_dump_json(exclude_none=True))


def pages(
    view: LineageView, request: PageRequest, names: dict[str, str] | None = None
) -> Iterator[LineageResult]:
    """Every page, by calling with the cursor of the page before."""
    while True:
        plan = plan_page(view, request)
        page = plan.write(names)
        yield page
        if page.next is None:
            return
        cursor = page.next.arguments["cursor"]
        assert isinstance(cursor, str)
        request = PageRequest(request.max_tokens, request.subtypes, request.names, cursor)


def node_rows(page: LineageResult) -> list[tuple[str, str, tuple[int | str, ...]]]:
    return [
        (hop, type_, row)
        for hop, by_type in page.nodes.items()
        for type_, rows in by_type.items()
        for row in rows
    ]


def links_of(page: LineageResult) -> list[tuple[str, int, int]]:
    found = []
    for relation, rows in page.links.items():
        for sources, *targets in rows:
            for source in sources if isinstance(sources, tuple) else (sources,):
                found += [(relation, source, target) for target in targets]
    return found
