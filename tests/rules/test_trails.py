from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.trails import DIRECTION_OF, Trails, links_on_trails
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery
from tests.recordings.recorded import IS_WHOLE, RECORDINGS, read_exchanges, read_json
from tests.worlds.random_worlds import DATASETS, PEOPLE, worlds

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

QUERIES = tuple(DIRECTION_OF)
RUN = Kind("ACTIVITY", "MODEL_RUN")
DATASET = Kind("ENTITY", "DATASET")
PERSON = Kind("AGENT", "PERSON")


def trails(graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int) -> Iterator[tuple[Link, ...]]:
    """Every trail the query matches, by trying them all."""
    upstream = DIRECTION_OF[query] == "upstream"

    def walk(here: str, trail: tuple[Link, ...]) -> Iterator[tuple[Link, ...]]:
        yield from ends(here, trail)
        if len(trail) == depth:
            return
        for link in graph.links:
            near, far = (link.source, link.target) if upstream else (link.target, link.source)
            if near == here and link not in trail:
                yield from walk(far, (*trail, link))

    def ends(here: str, trail: tuple[Link, ...]) -> Iterator[tuple[Link, ...]]:
        kind = graph.nodes[here]
        if query == "effected_agents":
            for link in graph.links:
                if link.source == here and graph.nodes[link.target].category == "AGENT" and link not in trail:
                    yield (*trail, link)
        elif (
            (query in ("upstream", "downstream"))
            or (query.endswith("_datasets") and kind.subtype == "DATASET")
            or (query == "contributing_agents" and kind.category == "AGENT")
        ):
            yield trail

    yield from walk(start, ())


def links_by_brute_force(graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int) -> set[Link]:
    return {link for trail in trails(graph, start, query, depth) for link in trail}


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(
    graph=worlds(),
    start=st.sampled_from((*DATASETS, *PEOPLE, "run/0", "organisation", "study", "template")),
    query=st.sampled_from(QUERIES),
    depth=st.integers(1, 6),
)
def test_the_links_are_those_of_all_trails_even_where_runs_overwrite_their_inputs(
    graph: ProvenanceGraph, start: str, query: LineageQuery, depth: int
) -> None:
    if start not in graph.nodes:
        assert links_on_trails(graph, start, query, depth) == Trails()
        return

    found = links_on_trails(graph, start, query, depth)

    assert set(found.links) == links_by_brute_force(graph, start, query, depth)
    assert len(set(found.links)) == len(found.links)
    assert found.exact


@st.composite
def tangles(draw: st.DrawFn) -> ProvenanceGraph:
    """Graphs no registry would produce: anything may depend on anything."""
    kinds = st.sampled_from((RUN, DATASET, PERSON, Kind("ENTITY", "MODEL")))
    nodes = {f"n{number}": draw(kinds) for number in range(6)}
    pairs = st.tuples(st.sampled_from(sorted(nodes)), st.sampled_from(sorted(nodes)))
    links = draw(st.lists(pairs, max_size=13, unique=True))
    return ProvenanceGraph(nodes, tuple(Link(source, "used", target) for source, target in links))


@settings(max_examples=250, deadline=None)
@given(
    graph=tangles(),
    query=st.sampled_from([query for query in QUERIES if query != "effected_agents"]),
    depth=st.integers(1, 7),
)
def test_in_any_tangle_nothing_is_missing_and_an_answer_called_exact_is(
    graph: ProvenanceGraph, query: LineageQuery, depth: int
) -> None:
    found = links_on_trails(graph, "n0", query, depth)
    true = links_by_brute_force(graph, "n0", query, depth)

    assert set(found.links) >= true
    assert not found.exact or set(found.links) == true


def test_no_link_is_walked_twice_to_reach_a_dataset_on_a_cycle() -> None:
    graph = ProvenanceGraph(
        {"overwriting": RUN, "state": DATASET, "study": Kind("ACTIVITY", "STUDY")},
        (
            Link("overwriting", "used", "state"),
            Link("state", "wasGeneratedBy", "overwriting"),
            Link("overwriting", "wasInformedBy", "study"),
        ),
    )

    assert links_on_trails(graph, "overwriting", "contributing_datasets", 9) == Trails(
        (Link("overwriting", "used", "state"),)
    )


def test_two_relations_between_one_pair_are_reported_once() -> None:
    links = (Link("run", "used", "data"), Link("run", "wasInfluencedBy", "data"))

    found = links_on_trails(ProvenanceGraph({"run": RUN, "data": DATASET}, links), "run", "upstream", 1)

    assert found.links == links[:1]


def test_a_ladder_of_forty_diamonds_is_walked_link_by_link_not_trail_by_trail() -> None:
    nodes = {"data/40": DATASET}
    links: list[Link] = []
    for level in range(40):
        nodes[f"data/{level}"] = DATASET
        for side in ("left", "right"):
            run = f"run/{level}/{side}"
            nodes[run] = RUN
            links += (Link(f"data/{level}", "wasGeneratedBy", run), Link(run, "used", f"data/{level + 1}"))

    found = links_on_trails(ProvenanceGraph(nodes, tuple(links)), "data/0", "contributing_datasets", 80)

    assert found.exact
    assert sorted(found.links) == sorted(links)


def a_tangle_behind_a_gate() -> ProvenanceGraph:
    """Every way to the data and every way into the tangle starts with the same link."""
    members = [f"member/{number}" for number in range(12)]
    return ProvenanceGraph(
        dict.fromkeys(("start", "gate", *members), RUN) | {"data": DATASET},
        (
            Link("start", "used", "gate"),
            Link("gate", "used", "data"),
            *(Link("gate", "used", member) for member in members),
            *(Link(member, "used", "start") for member in members),
            *(Link(one, "used", other) for one in members for other in members if one != other),
        ),
    )


def test_a_link_that_both_ways_need_ends_the_search_in_the_tangle_behind_it() -> None:
    found = links_on_trails(a_tangle_behind_a_gate(), "start", "contributing_datasets", 50)

    assert found == Trails((Link("start", "used", "gate"), Link("gate", "used", "data")))


def test_links_left_when_the_work_limit_is_reached_are_kept_and_the_answer_says_so() -> None:
    graph = a_tangle_behind_a_gate()

    found = links_on_trails(graph, "start", "contributing_datasets", 50, work_limit=0)

    assert not found.exact
    assert set(found.links) == set(graph.links)


def test_an_undecided_link_is_kept_and_the_answer_says_so() -> None:
    graph = ProvenanceGraph(
        {"start": RUN, "one": DATASET, "crossing": RUN, "other": DATASET},
        (
            Link("start", "used", "one"),
            Link("one", "wasGeneratedBy", "crossing"),
            Link("crossing", "used", "other"),
            Link("other", "wasGeneratedBy", "crossing"),
            Link("crossing", "wasInformedBy", "start"),
        ),
    )

    found = links_on_trails(graph, "start", "contributing_datasets", 8)

    true = links_by_brute_force(graph, "start", "contributing_datasets", 8)
    assert not found.exact
    assert set(found.links) - true == {Link("other", "wasGeneratedBy", "crossing")}
    assert true <= set(found.links)


def recorded_lineage() -> list[dict]:
    not_of_the_clean_world = (
        "after_clear",
        "item_not_in_graph",
        "seed_item",
        "new_version_upstream",
        "_after",
    )
    exchanges = [
        exchange
        for file in ("prov.jsonl", "prov_depth100.jsonl")
        for exchange in read_exchanges(RECORDINGS / file)
    ]
    return [
        exchange
        for exchange in exchanges
        if exchange["name"].startswith(("prov_explore_", "prov_special_"))
        and not any(words in exchange["name"] for words in not_of_the_clean_world)
        and exchange["response"]["status"] == 200
    ]


def test_every_recorded_lineage_answer_is_reproduced() -> None:
    stored = read_json("graph_dump.json")
    graph = ProvenanceGraph(
        {node["id"]: Kind(node["item_category"], node["item_subtype"]) for _, node in stored["nodes"]},
        tuple(Link(*edge[:3]) for edge in stored["edges"]),
    )
    query_of: dict[str, LineageQuery] = {route: query for query, route in LINEAGE_ROUTE.items()}
    exchanges = recorded_lineage()

    different = []
    for exchange in exchanges:
        query = query_of[exchange["request"]["path"]]
        default_depth = 2 if query == DIRECTION_OF[query] else 4
        params = exchange["request"]["params"]
        depth = int(params.get("depth") or default_depth)
        found = links_on_trails(graph, params["starting_id"], query, depth)
        answer = exchange["response"]["json"]["graph"]
        true = {Link(link["source"], link["type"], link["target"]) for link in answer["links"]}
        if set(found.links) != true or not found.exact:
            different.append(exchange["name"])

    assert different == []
    assert len(exchanges) > (300 if IS_WHOLE else 25)
