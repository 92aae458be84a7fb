from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.worlds.lineages import Question, a_reef_world, a_run, ask, questions


def hops_by_relaxation(question: Question) -> dict[str, int]:
    """Hops from the start by passing distances along links until nothing changes."""
    upstream = question.view().direction == "upstream"
    hops = {question.start: 0}
    for _ in question.graph.nodes:
        for link in question.graph.links:
            near, far = (link.source, link.target) if upstream else (link.target, link.source)
            if near in hops:
                hops[far] = min(hops.get(far, hops[near] + 1), hops[near] + 1)
    if question.query == "effected_agents":
        along = dict(hops)
        for link in question.graph.links:
            if link.target not in along:
                hop = along[link.source] + 1
                hops[link.target] = min(hops.get(link.target, hop), hop)
    return hops


def test_a_plain_lineage_is_ordered_by_hop_then_type_then_id() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 3).view()

    assert list(zip(view.hops, view.types, view.ids, strict=True)) == [
        (0, "DATASET", "reef/growth"),
        (1, "MODEL_RUN", "reef/run2"),
        (1, "PERSON", "reef/bo"),
        (1, "DATASET_TEMPLATE", "reef/layout"),
        (2, "DATASET", "reef/forcing"),
        (2, "DATASET", "reef/hydro"),
        (2, "STUDY", "reef/study"),
        (2, "ORGANISATION", "reef/institute"),
        (2, "MODEL", "reef/model"),
        (2, "MODEL_RUN_WORKFLOW_TEMPLATE", "reef/recipe"),
        (3, "MODEL_RUN", "reef/run1"),
        (3, "PERSON", "reef/ann"),
        (3, "VERSION", "reef/version"),
        (3, "CREATE", "reef/create"),
    ]


def test_what_a_special_query_asks_for_comes_first_and_says_how_it_was_reached() -> None:
    view = ask(a_reef_world(), "contributing_datasets", "reef/growth", 10).view()

    assert view.ids[: view.answers + 1] == ("reef/growth", "reef/forcing", "reef/hydro", "reef/old")
    assert view.ids[view.answers + 1 :] == ("reef/run2", "reef/run1", "reef/version")
    assert [view.ids[view.via(ref) or 0] for ref in (1, 2, 3)] == ["reef/run2", "reef/run2", "reef/version"]


def test_agents_have_roles_counted_by_what_they_did() -> None:
    view = ask(a_reef_world(), "contributing_agents", "reef/growth", 10).view()

    assert {view.ids[ref]: view.roles(ref) for ref in range(1, view.answers + 1)} == {
        "reef/bo": {"attributed": 2, "modeller": 1, "registrant": 1, "registrant of a new version": 1},
        "reef/ann": {"attributed": 1, "modeller": 1},
        "reef/institute": {"requesting organisation": 2},
    }


def test_an_effected_agent_is_one_hop_beyond_the_nearest_item_that_names_it() -> None:
    view = ask(a_reef_world(), "effected_agents", "reef/hydro", 10).view()

    assert [(view.ids[ref], view.hops[ref], view.via(ref)) for ref in range(1, view.answers + 1)] == [
        ("reef/ann", 1, 0),
        ("reef/bo", 2, 4),
        ("reef/institute", 2, 4),
    ]
    assert view.ids[4] == "reef/run2"


def test_a_start_that_is_asked_for_itself_is_no_answer_even_on_a_cycle() -> None:
    world = a_run("run", ("state",), ("state",))

    view = ask(world, "contributing_datasets", "state", 5).view()

    assert (view.answers, view.ids) == (0, ("state", "run"))


def test_a_cycle_is_found_and_named_by_its_items() -> None:
    world = ProvenanceGraph().merged(
        (a_run("run1", ("state", "forcing"), ("state",)), a_run("run2", ("state",), ("result",)))
    )

    view = ask(world, "upstream", "result", 9).view()

    assert [[view.ids[ref] for ref in group] for group in view.cycles] == [["state", "run1"]]
    assert ask(a_reef_world(), "upstream", "reef/growth", 9).view().cycles == ()


def test_roots_depend_on_nothing_and_leaves_have_nothing_that_depends_on_them() -> None:
    view = ask(a_reef_world(), "contributing_datasets", "reef/growth", 10).view()

    assert [view.ids[ref] for ref in view.roots] == ["reef/old"]
    assert [view.ids[ref] for ref in view.leaves] == ["reef/growth"]


def test_a_node_without_a_kind_is_unknown_and_a_graphs_word_for_a_template_is_the_registrys() -> None:
    graph = ProvenanceGraph(
        {"run": Kind("", ""), "recipe": Kind("ENTITY", "WORKFLOW_TEMPLATE")}, (Link("run", "used", "recipe"),)
    )

    view = view_lineage(Lineage(graph, "upstream", "run", 1))

    assert view.types == ("UNKNOWN", "MODEL_RUN_WORKFLOW_TEMPLATE")
    assert view.by_type == {"MODEL_RUN_WORKFLOW_TEMPLATE": 1, "UNKNOWN": 1}


def test_an_empty_lineage_still_has_its_start() -> None:
    view = view_lineage(Lineage(ProvenanceGraph(), "contributing_agents", "lonely", 4), start_type="PERSON")

    assert (view.ids, view.types, view.by_type, view.by_hop) == (("lonely",), ("PERSON",), {}, {})
    assert (view.answers, view.roots, view.leaves, view.cycles) == (0, (), (), ())


def test_an_item_the_start_does_not_reach_comes_last() -> None:
    graph = ProvenanceGraph(
        {"run": Kind("ACTIVITY", "MODEL_RUN"), "data": Kind("ENTITY", "DATASET"), "stray": Kind("", "")},
        (Link("run", "used", "data"),),
    )

    view = view_lineage(Lineage(graph, "upstream", "run", 3))

    assert list(zip(view.ids, view.hops, strict=True)) == [("run", 0), ("data", 1), ("stray", 2)]


def test_the_digest_depends_on_the_graph_and_not_on_its_order() -> None:
    graph = ask(a_reef_world(), "upstream", "reef/growth", 3).graph
    backwards = ProvenanceGraph(dict(reversed([*graph.nodes.items()])), graph.links[::-1])
    shorter = ProvenanceGraph(graph.nodes, graph.links[:-1])

    digests = [
        view_lineage(Lineage(each, "upstream", "reef/growth", 3)).digest
        for each in (graph, backwards, shorter)
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(question=questions(), data=st.data())
def test_any_other_link_is_another_digest(question: Question, data: st.DataObject) -> None:
    graph = question.graph
    assume(len(graph.links) > 1)
    one, other = data.draw(st.permutations(range(len(graph.links))))[:2]
    links = list(graph.links)
    links[one] = links[one]._replace(target=graph.links[other].target)
    links[other] = links[other]._replace(target=graph.links[one].target)
    exchanged = ProvenanceGraph(graph.nodes, tuple(links))
    renamed = tuple(
        link._replace(relation="wasRevisionOf") if place == one else link
        for place, link in enumerate(graph.links)
    )
    same = sorted(exchanged.links) == sorted(graph.links)

    assert (_digest_of(exchanged, question) == question.view().digest) == same
    assert _digest_of(ProvenanceGraph(graph.nodes, renamed), question) != question.view().digest


def test_runs_that_exchange_what_they_used_are_another_digest() -> None:
    numbers = [f"{number:02}" for number in range(6)]

    def world(used: list[str]) -> ProvenanceGraph:
        nodes = {"d": Kind("ENTITY", "DATASET")}
        nodes |= {f"r{number}": Kind("ACTIVITY", "MODEL_RUN") for number in numbers}
        nodes |= {f"x{number}": Kind("ENTITY", "DATASET") for number in numbers}
        made = [Link("d", "wasGeneratedBy", f"r{number}") for number in numbers]
        read = [Link(f"r{run}", "used", f"x{data}") for run, data in zip(numbers, used, strict=True)]
        return ProvenanceGraph(nodes, (*made, *read))

    digests = [
        view_lineage(Lineage(world(used), "upstream", "d", 5)).digest
        for used in (numbers, ["03", "01", "02", "00", "04", "05"])
    ]

    assert digests[0] != digests[1]


def _digest_of(graph: ProvenanceGraph, question: Question) -> str:
    return view_lineage(Lineage(graph, question.query, question.start, question.depth)).digest


@settings(max_examples=100, deadline=None)
@given(questions())
def test_hops_types_answers_and_links_are_those_of_the_graph(question: Question) -> None:
    view, graph = question.view(), question.graph
    hops = hops_by_relaxation(question)

    assert dict(zip(view.ids, view.hops, strict=True)) == hops | {question.start: 0}
    assert sum(view.by_type.values()) == sum(view.by_hop.values()) == len(graph.nodes)
    assert view.by_hop == dict(sorted(Counter(hops[node] for node in graph.nodes).items()))
    assert set(view.ids[1 : view.answers + 1]) == {
        node for node, kind in graph.nodes.items() if kind.is_asked_for(question.query)
    } - {question.start}
    assert sorted(
        Link(view.ids[source], relation, view.ids[target])
        for arcs in view.arcs(range(len(view.ids))).values()
        for relation, source, target in arcs
    ) == sorted(graph.links)
    assert all(
        max(source, target) == ref
        for ref, arcs in view.arcs(range(len(view.ids))).items()
        for _, source, target in arcs
    )
