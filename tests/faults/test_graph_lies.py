"""Lineage answers that fall apart: nothing that rests on them is called complete, or takes strangers in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.graph_lies import BATHYMETRY, CALLS, DATASET, RUN, STUDY, Json, graphs
from tests.faults.sandbox import Sandbox
from tests.worlds.sample import error_of


def a_stranger(graph: Json) -> None:
    graph["nodes"].append({"id": "sample/9", "item_category": "ENTITY", "item_subtype": "DATASET"})


def a_second_kind(graph: Json) -> None:
    graph["nodes"].append({**graph["nodes"][0], "item_category": "AGENT", "item_subtype": "PERSON"})


def no_links(graph: Json) -> None:
    graph["links"] = []


def the_last_left_out(graph: Json) -> None:
    graph["nodes"].pop()


def both_ways(graph: Json) -> None:
    graph["links"] += [
        {**link, "source": link["target"], "target": link["source"]} for link in graph["links"]
    ]


def each_to_itself(graph: Json) -> None:
    graph["links"] += [
        {"type": "wasInfluencedBy", "source": node["id"], "target": node["id"]} for node in graph["nodes"]
    ]


def impossible(graph: Json) -> None:
    for link in graph["links"]:
        link["type"] = "actedOnBehalfOf"


LIES: dict[Callable[[Json], None], str] = {
    a_stranger: "that no link joins to",
    a_second_kind: "two kinds",
    no_links: "that no link joins to",
    the_last_left_out: "that it did not describe",
    both_ways: "the other way round too",
    each_to_itself: "from an item to itself",
    impossible: "that cannot be between items of these kinds",
}


def in_special_answers(lie: Callable[[Json], None]) -> Callable[[Any], Any]:
    """Changes what is answered about effected agents, and nothing that is answered around it."""

    def change(body: Any) -> Any:
        is_special = isinstance(body, dict) and "effect query" in str(body.get("status"))
        return graphs(lie)(body) if is_special else body

    return change


def first_run(graph: Json) -> str | None:
    return next((node["id"] for node in graph["nodes"] if node["item_subtype"] == "MODEL_RUN"), None)


def an_invented_dataset(graph: Json) -> None:
    if run := first_run(graph):
        graph["nodes"].append({"id": "sample/9", "item_category": "ENTITY", "item_subtype": "DATASET"})
        agent = next(node["id"] for node in graph["nodes"] if node["item_category"] == "AGENT")
        graph["links"] += [
            {"type": "wasGeneratedBy", "source": "sample/9", "target": run},
            {"type": "wasAttributedTo", "source": "sample/9", "target": agent},
        ]


def no_run_but_the_first(graph: Json) -> None:
    first = first_run(graph)
    named = [link["target"] for link in graph["links"] if link["source"] == first]
    graph["nodes"] = [node for node in graph["nodes"] if node["id"] in (first, BATHYMETRY, *named)]
    graph["links"] = [link for link in graph["links"] if link["source"] == first]


def another_subtype(graph: Json) -> None:
    """Of an item that nothing in the answer is known to have made: its links would suit a model too."""
    for node in graph["nodes"]:
        node["item_subtype"] = "MODEL" if node["id"] == BATHYMETRY else node["item_subtype"]


SPECIAL_LIES: dict[Callable[[Json], None], str] = {
    an_invented_dataset: " in one answer that it left out of another: sample/9 to sample/",
    no_run_but_the_first: "the service named nobody who carried out ",
    another_subtype: " two kinds: ",
}


@pytest.mark.parametrize("lie", SPECIAL_LIES)
@pytest.mark.parametrize("depth", [10, 30])
def test_a_special_answer_that_does_not_fit_what_lies_around_is_not_called_complete(
    sandbox: Sandbox, depth: int, lie: Callable[[Json], None]
):
    sandbox.change = in_special_answers(lie)
    result = sandbox.call("get_effected_agents", {"starting_id": BATHYMETRY, "depth": depth})
    sandbox.change = None
    told = result.structured_content or {}
    assert told["complete"] is False
    assert SPECIAL_LIES[lie] in told["incomplete_because"]


def two_lists_of_links(graph: Json) -> None:
    graph["edges"] = graph["links"][1:]


def no_id(graph: Json) -> None:
    old = graph["nodes"][-1]["id"]
    graph["nodes"][-1]["id"] = " "
    for link in graph["links"]:
        link.update({end: " " for end in ("source", "target") if link[end] == old})


@pytest.mark.parametrize("tool", ["explore_upstream", "get_contributing_datasets", "get_effected_agents"])
@pytest.mark.parametrize(
    ("lie", "words"),
    [(two_lists_of_links, "a graph with 'links' and other 'edges'"), (no_id, "an item without an id")],
)
def test_a_graph_of_which_nobody_can_tell_what_it_says_is_an_error_of_the_service(
    sandbox: Sandbox, tool: str, lie: Callable[[Json], None], words: str
):
    sandbox.change = graphs(lie)
    error = error_of(sandbox.call(tool, {"starting_id": BATHYMETRY, "depth": 3}))
    sandbox.change = None
    assert (error["kind"], error["fault"]) == ("MalformedAnswer", "deployment")
    assert error["message"].endswith(f": {words}.")


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize(("tool", "arguments"), CALLS)
def test_no_answer_is_called_complete_that_rests_on_a_graph_which_falls_apart(
    sandbox: Sandbox, tool: str, arguments: Json, lie: Callable[[Json], None]
):
    sandbox.change = graphs(lie)
    result = sandbox.call(tool, arguments)
    sandbox.change = None
    assert not result.is_error, result.content
    told = result.structured_content or {}
    assert told.get("complete") is not True
    assert told["incomplete_because"].count(LIES[lie]) >= 1


def test_without_a_path_in_a_graph_that_falls_apart_none_is_ruled_out(sandbox: Sandbox):
    sandbox.change = graphs(no_links)
    told = sandbox.call("find_lineage_path", {"from_id": DATASET, "to_id": BATHYMETRY}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["answer"].startswith(
        "None found within 20 hops, but what Provena answered does not hang together."
    )


@pytest.mark.parametrize("tool", ["explore_upstream", "get_contributing_datasets", "get_contributing_agents"])
def test_of_a_graph_that_falls_apart_an_empty_answer_says_so(sandbox: Sandbox, tool: str):
    sandbox.change = graphs(no_links)
    told = sandbox.call(tool, {"starting_id": DATASET, "depth": 3}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["note"].startswith("Nothing was found for '")
    assert told["note"].endswith(
        "' (dataset) within 3 hops, but what Provena answered does not hang together."
    )


def test_an_impact_in_a_graph_that_falls_apart_rules_nothing_out(sandbox: Sandbox):
    sandbox.change = graphs(no_links)
    none = sandbox.call("analyse_impact", {"item_id": BATHYMETRY}).structured_content
    sandbox.change = graphs(a_stranger)
    some = sandbox.call("analyse_impact", {"item_id": BATHYMETRY}).structured_content
    sandbox.change = None
    assert none is not None
    assert some is not None
    assert none["answer"].startswith("Nothing was found within 20 hops that depends on '")
    assert none["answer"].endswith("', but that may not be all.")
    assert "' is wrong, at least this is touched within 20 hops: " in some["answer"]


def test_a_path_in_a_graph_with_strangers_is_not_said_to_be_the_only_one(sandbox: Sandbox):
    sandbox.change = graphs(a_stranger)
    told = sandbox.call("find_lineage_path", {"from_id": "sample/1000117", "to_id": RUN}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["answer"].endswith(
        ": 1 hop over 1 run, one path found. No longer way found within 20 hops. "
        "But what Provena answered does not hang together: there may be other ways."
    )


def test_an_item_that_two_answers_give_different_kinds_is_told(sandbox: Sandbox):
    answers = itertools.count()

    def another_kind_each_time(graph: Json) -> None:
        if next(answers):
            for node in graph["nodes"]:
                if node["id"] == "sample/1000003":
                    node["item_subtype"] = "PERSON"

    sandbox.change = graphs(another_kind_each_time)
    told = sandbox.call("find_lineage_path", {"from_id": DATASET, "to_id": "sample/1000117"})
    sandbox.change = None
    assert told.structured_content is not None
    assert (
        told.structured_content["incomplete_because"]
        == "the service gave 1 item another kind than in an earlier answer: sample/1000003"
    )


def test_a_list_of_a_study_holds_no_stranger(sandbox: Sandbox):
    sandbox.change = graphs(
        lambda graph: graph["nodes"].append(
            {"id": BATHYMETRY, "item_category": "ENTITY", "item_subtype": "DATASET"}
        )
    )
    error = error_of(sandbox.call("list_items", {"study_id": STUDY, "subtype": "DATASET"}))
    sandbox.change = None
    because = f"the service answered 1 item that no link joins to {STUDY!r}"
    assert (error["kind"], error["message"]) == (
        "MalformedAnswer",
        f"The lineage of {STUDY!r} cannot be used: {because}.",
    )


def test_a_maker_that_nothing_joins_to_its_dataset_is_not_told(
    sandbox: Sandbox,
):
    sandbox.change = graphs(no_links)
    told = sandbox.call("fetch_items", {"ids": [DATASET]}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["items"][0].keys().isdisjoint({"made_by", "attributed_to"})
