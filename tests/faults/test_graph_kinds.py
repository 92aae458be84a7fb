"""Lineage answers whose items are of no kind or another, or lack what runs have: none is called complete."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from tests.faults.graph_lies import BATHYMETRY, CALLS, DATASET, RUN, STUDY, Json, graphs, without
from tests.faults.sandbox import Sandbox

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover

ABOVE = [
    *(call for call in CALLS if call[0] != "get_effected_agents" and "item_id" not in call[1]),
    ("audit_reproducibility", {"item_id": RUN}),
    ("get_contributing_agents", {"starting_id": DATASET}),
]
BELOW = [
    ("get_effected_agents", {"starting_id": BATHYMETRY, "depth": 30}),
    ("get_effected_datasets", {"starting_id": BATHYMETRY}),
    ("explore_downstream", {"starting_id": STUDY}),
    ("analyse_impact", {"item_id": BATHYMETRY}),
]


def no_category(graph: Json) -> None:
    for node in graph["nodes"]:
        node["item_category"] = None


def no_subtype(graph: Json) -> None:
    for node in graph["nodes"]:
        del node["item_subtype"]


def an_unknown_subtype(graph: Json) -> None:
    for node in graph["nodes"]:
        node["item_subtype"] = "SEANCE"


def a_category_of_others(graph: Json) -> None:
    for node in graph["nodes"]:
        if node["item_subtype"] == "MODEL_RUN":
            node["item_category"] = "ENTITY"


def models_for_datasets(graph: Json) -> None:
    for node in graph["nodes"]:
        node["item_subtype"] = "MODEL" if node["item_subtype"] == "DATASET" else node["item_subtype"]


def studies_for_runs(graph: Json) -> None:
    for node in graph["nodes"]:
        node["item_subtype"] = "STUDY" if node["item_subtype"] == "MODEL_RUN" else node["item_subtype"]


NO_KIND = " no kind, or one that does not exist: "
OTHER_THAN_REGISTERED = " another kind than the graph does: "
OTHER_KINDS = " that cannot be between items of these kinds: "


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (no_category, NO_KIND),
        (no_subtype, NO_KIND),
        (an_unknown_subtype, NO_KIND),
        (a_category_of_others, NO_KIND),
        (models_for_datasets, OTHER_KINDS),
        (studies_for_runs, OTHER_KINDS),
    ],
)
@pytest.mark.parametrize(("tool", "arguments"), [*ABOVE, *BELOW])
def test_no_answer_is_called_complete_whose_items_are_of_no_kind_or_cannot_be_of_theirs(
    sandbox: Sandbox, tool: str, arguments: Json, lie: Callable[[Json], None], words: str
):
    sandbox.change = graphs(lie)
    told = sandbox.call(tool, arguments).structured_content or {}
    sandbox.change = None
    assert told.get("complete") is not True
    assert words in told["incomplete_because"]


def no_models(graph: Json) -> None:
    without(graph, lambda near, far: (near["item_subtype"], far["item_subtype"]) == ("MODEL_RUN", "MODEL"))


def no_modellers(graph: Json) -> None:
    without(graph, lambda near, far: (near["item_subtype"], far["item_subtype"]) == ("MODEL_RUN", "PERSON"))


def no_agents(graph: Json) -> None:
    without(graph, lambda _, far: far["item_category"] == "AGENT")


def no_templates(graph: Json) -> None:
    def is_template_of_run(near: Json, far: Json) -> bool:
        return near["item_subtype"] == "MODEL_RUN" and far["item_subtype"].endswith("WORKFLOW_TEMPLATE")

    without(graph, is_template_of_run)


@pytest.mark.parametrize("lie", [no_models, no_modellers, no_agents, no_templates])
@pytest.mark.parametrize(("tool", "arguments"), ABOVE)
def test_no_answer_is_called_complete_whose_runs_have_no_model_template_or_modeller(
    sandbox: Sandbox, tool: str, arguments: Json, lie: Callable[[Json], None]
):
    sandbox.change = graphs(lie)
    told = sandbox.call(tool, arguments).structured_content or {}
    sandbox.change = None
    assert told.get("complete") is not True
    assert "the service left out the model, template or modeller of " in told["incomplete_because"]


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_run_at_the_last_hop_may_name_nothing(sandbox: Sandbox, depth: int):
    told = sandbox.call("explore_upstream", {"starting_id": DATASET, "depth": depth}).structured_content
    assert told is not None
    assert told["incomplete_because"].startswith(f"stopped at depth {depth}; ")


def test_effected_agents_without_the_modellers_of_runs_that_name_organisations_are_not_all(sandbox: Sandbox):
    sandbox.change = graphs(no_modellers)
    told = sandbox.call("get_effected_agents", {"starting_id": BATHYMETRY}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["complete"] is False
    assert told["incomplete_because"].startswith("the service named nobody who carried out 14 runs: ")


def one_in_capitals_too(graph: Json) -> None:
    node = graph["nodes"][-1]
    graph["nodes"].append({**node, "id": node["id"].upper()})
    graph["links"] += [
        {**link, "target": link["target"].upper()} for link in graph["links"] if link["target"] == node["id"]
    ]


def test_one_item_under_two_ids_that_differ_in_capitals_is_told(sandbox: Sandbox):
    sandbox.change = graphs(one_in_capitals_too)
    told = sandbox.call("explore_upstream", {"starting_id": DATASET, "depth": 1}).structured_content
    sandbox.change = None
    assert told is not None
    assert told["complete"] is False
    assert told["incomplete_because"].endswith(
        "; the service gave 1 item under ids that differ in capital letters only: "
        "sample/1000122 and SAMPLE/1000122"
    )


def people_for_organisations(graph: Json) -> None:
    """Each link of an organisation would suit a person too."""
    for node in graph["nodes"]:
        node["item_subtype"] = "PERSON" if node["item_subtype"] == "ORGANISATION" else node["item_subtype"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("explore_upstream", {"starting_id": RUN, "depth": 1}),
        ("get_contributing_agents", {"starting_id": DATASET}),
        ("get_effected_agents", {"starting_id": BATHYMETRY}),
        ("find_lineage_path", {"from_id": RUN, "to_id": "sample/1000003"}),
        ("find_lineage_path", {"from_id": "sample/1000003", "to_id": "sample/1000050"}),
        ("analyse_impact", {"item_id": BATHYMETRY}),
        ("audit_reproducibility", {"item_id": RUN}),
        ("compare_model_runs", {"run_ids": [RUN, "sample/1000016"], "scope": "lineage"}),
    ],
)
def test_an_item_that_the_registry_holds_as_another_kind_than_the_graph_is_told(
    sandbox: Sandbox, tool: str, arguments: Json
):
    sandbox.change = graphs(people_for_organisations)
    told = sandbox.call(tool, arguments).structured_content or {}
    sandbox.change = None
    assert told.get("complete") is not True
    assert OTHER_THAN_REGISTERED in told["incomplete_because"]
    assert "sample/1000003 (ORGANISATION)" in told["incomplete_because"]


def an_organisation_without_id(graph: Json) -> None:
    """As runs name it for which an empty text was given (provena-http 4.1)."""
    for node in graph["nodes"]:
        node["id"] = "" if node["id"] == "sample/1000003" else node["id"]
    for link in graph["links"]:
        link["target"] = "" if link["target"] == "sample/1000003" else link["target"]


@pytest.mark.parametrize(
    ("tool", "arguments"), [("explore_upstream", {"starting_id": RUN}), *ABOVE, BELOW[0], BELOW[3]]
)
def test_an_organisation_that_a_run_names_by_an_empty_text_spoils_no_lineage(
    sandbox: Sandbox, tool: str, arguments: Json
):
    sandbox.change = graphs(an_organisation_without_id)
    result = sandbox.call(tool, arguments)
    sandbox.change = None
    assert not result.is_error, result.content
    assert "the service" not in (result.structured_content or {}).get("incomplete_because", "")


def in_turn_under_both_names() -> Callable[[Json], None]:
    """Workflow templates under the two words for them, one in every other answer (provena-http B4)."""
    words = itertools.cycle(["WORKFLOW_TEMPLATE", "MODEL_RUN_WORKFLOW_TEMPLATE"])

    def rename(graph: Json) -> None:
        word = next(words)
        for node in graph["nodes"]:
            if node["item_subtype"].endswith("WORKFLOW_TEMPLATE"):
                node["item_subtype"] = word

    return rename


@pytest.mark.parametrize(("tool", "arguments"), [*CALLS, *BELOW])
def test_a_workflow_template_under_its_two_names_is_of_one_kind(sandbox: Sandbox, tool: str, arguments: Json):
    sandbox.call(tool, arguments)  # which also reads the names
    plain = sandbox.call(tool, arguments).structured_content
    sandbox.change = graphs(in_turn_under_both_names())
    told = sandbox.call(tool, arguments).structured_content
    sandbox.change = None
    assert told == plain


def test_what_a_page_learns_of_a_lineage_is_told_on_every_page_after_it(sandbox: Sandbox):
    sandbox.change = graphs(people_for_organisations)
    call: Json = {
        "tool": "explore_upstream",
        "arguments": {"starting_id": DATASET, "depth": 30, "max_tokens": 700},
    }
    pages: list[Json] = []
    while call:
        pages.append(sandbox.call(call["tool"], call["arguments"]).structured_content or {})
        call = pages[-1].get("next") or {}
    sandbox.change = None
    told = [OTHER_THAN_REGISTERED in page.get("incomplete_because", "") for page in pages]
    first = told.index(True)
    assert 0 < first < len(pages) - 1
    assert told == [False] * first + [True] * (len(pages) - first)
    assert [page["complete"] for page in pages] == [not doubted for doubted in told]


@pytest.mark.parametrize(
    "arguments", [{"id": RUN, "query": "path", "to": "sample/1000003"}, {"id": RUN, "depth": 30}]
)
def test_a_picture_of_an_item_that_the_registry_holds_as_another_kind_says_so(
    sandbox: Sandbox, arguments: Json
):
    sandbox.change = graphs(people_for_organisations)
    told = sandbox.call("show_lineage", arguments).structured_content or {}
    sandbox.change = None
    assert told["complete"] is False
    assert OTHER_THAN_REGISTERED in told["incomplete_because"]


@pytest.mark.parametrize("document", [f"lineage/upstream/{RUN}?depth=30", f"crate/run/{RUN}?depth=20"])
def test_a_document_of_an_item_that_the_registry_holds_as_another_kind_says_so(
    sandbox: Sandbox, document: str
):
    sandbox.change = graphs(people_for_organisations)
    text, offset = "", 0
    while offset is not None:
        call = {"uri": f"provena://{document}", "offset": offset}
        opened = sandbox.call("open_document", call).structured_content or {}
        text += opened["text"]
        offset = opened.get("next_offset")
    sandbox.change = None
    assert OTHER_THAN_REGISTERED in text
    assert "sample/1000003 (ORGANISATION)" in text
