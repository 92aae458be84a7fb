from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.lineage.impact import Affected, Impact, NewerVersion, Touched, find_impact, find_touched
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.worlds.random_programmes import (
    DATASETS,
    MODELS,
    ORGANISATIONS,
    PEOPLE,
    STUDIES,
    Programme,
    programmes,
)

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

STARTS = (*DATASETS, *MODELS, *STUDIES, *PEOPLE, *ORGANISATIONS, "run/0")


def hops_by_brute_force(
    programme: Programme, start: str, depth: int, *, follow_versions: bool
) -> dict[str, int]:
    """Affected runs and datasets from the records alone, one round a hop, without any graph."""
    hops = {start: 0}
    for hop in range(1, depth + 1):
        reached: set[str] = set()
        for run in programme.runs:
            named = (run.model, run.study, run.modeller, run.organisation)
            if any(hops.get(item, hop) < hop for item in run.inputs) or start in named:
                reached.add(run.id)
            if hops.get(run.id, hop) < hop or start == run.modeller:
                reached.update(run.outputs)
        for number, (old, new, who) in enumerate(programme.versions):
            if follow_versions and hops.get(old, hop) < hop:
                reached.add(f"version/{number}")
            if hops.get(f"version/{number}", hop) < hop or start == who:
                reached.add(new)
        reached.update(item for item, who in programme.registrations if start == who)
        for item in reached:
            hops.setdefault(item, hop)
    del hops[start]
    return hops


@pytest.mark.slow
@given(
    programme=programmes(),
    start=st.sampled_from(STARTS),
    depth=st.integers(1, 12),
    follow_versions=st.booleans(),
)
def test_affected_items_are_those_the_records_say_and_no_siblings(
    programme: Programme, start: str, depth: int, follow_versions: bool
) -> None:
    expected = hops_by_brute_force(programme, start, depth, follow_versions=follow_versions)

    impact = find_impact(programme.graph(), (start,), depth, follow_versions=follow_versions)

    found = {item.id: item.hop for item in impact.affected if not item.id.startswith("recipe/")}
    assert found == expected
    assert [(item.hop, item.id) for item in impact.affected] == sorted(
        (item.hop, item.id) for item in impact.affected
    )


@pytest.mark.slow
@given(programme=programmes(), start=st.sampled_from((*DATASETS, "run/0")), depth=st.integers(1, 12))
def test_people_organisations_and_studies_are_those_of_the_affected_records(
    programme: Programme, start: str, depth: int
) -> None:
    hops = hops_by_brute_force(programme, start, depth, follow_versions=False) | {start: 0}
    attributed = {(output, run.modeller) for run in programme.runs for output in run.outputs}
    attributed |= {(new, who) for _, new, who in programme.versions} | set(programme.registrations)
    facts = {(item, who, "attributed") for item, who in attributed}
    for run in programme.runs:
        named = (
            (run.modeller, "modeller"),
            (run.organisation, "requesting organisation"),
            (run.study, "runs"),
        )
        facts |= {(run.id, who, role) for who, role in named if who is not None}
    expected: dict[str, Counter[str]] = {}
    for item, who, role in facts:
        if item in hops:
            expected.setdefault(who, Counter())[role] += 1

    graph = programme.graph()

    touched = find_touched(graph, find_impact(graph, (start,), depth))

    assert {named.id: named.roles for named in touched} == expected


def test_an_impact_says_what_was_followed_what_was_not_and_through_which_item() -> None:
    run, dataset = Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET")
    person, study = Kind("AGENT", "PERSON"), Kind("ACTIVITY", "STUDY")
    version = Kind("ACTIVITY", "VERSION")
    nodes = {
        "raw": dataset, "raw-2": dataset, "product": dataset, "fit": run, "version": version,
        "ada": person, "reef": study,
    }  # fmt: skip
    links = (
        Link("fit", "used", "raw"),
        Link("product", "wasGeneratedBy", "fit"),
        Link("product", "wasAttributedTo", "ada"),
        Link("fit", "wasAssociatedWith", "ada"),
        Link("fit", "wasInformedBy", "reef"),
        Link("version", "used", "raw"),
        Link("raw-2", "wasGeneratedBy", "version"),
        Link("raw-2", "wasAttributedTo", "ada"),
    )

    graph = ProvenanceGraph(nodes, links)

    impact = find_impact(graph, ("raw",), 20)

    assert impact == Impact(
        starts=("raw",),
        affected=(Affected("fit", "MODEL_RUN", 1, "raw"), Affected("product", "DATASET", 2, "fit")),
        newer_versions=(NewerVersion("raw-2", "raw"),),
        followed={"MODEL_RUN used DATASET": 1, "DATASET wasGeneratedBy MODEL_RUN": 1},
        not_followed={"VERSION used DATASET": 1},
        remakes_start=(),
    )
    assert find_touched(graph, impact) == [
        Touched("ada", "PERSON", 1, {"modeller": 1, "attributed": 1}),
        Touched("reef", "STUDY", 1, {"runs": 1}),
    ]


def test_a_run_that_overwrote_its_input_is_named_as_remaking_it() -> None:
    nodes = {"survey": Kind("ENTITY", "DATASET"), "clean": Kind("ACTIVITY", "MODEL_RUN")}
    links = (Link("clean", "used", "survey"), Link("survey", "wasGeneratedBy", "clean"))

    impact = find_impact(ProvenanceGraph(nodes, links), ("survey",), 20)

    assert [item.id for item in impact.affected] == ["clean"]
    assert impact.remakes_start == ("clean",)


def test_a_wrong_model_touches_its_recipe_and_its_runs_but_not_what_else_the_recipe_was_used_for() -> None:
    nodes = {
        "model": Kind("ENTITY", "MODEL"), "recipe": Kind("ENTITY", "WORKFLOW_TEMPLATE"),
        "run": Kind("ACTIVITY", "MODEL_RUN"), "run of a changed recipe": Kind("ACTIVITY", "MODEL_RUN"),
    }  # fmt: skip
    links = (
        Link("recipe", "hadMember", "model"),
        Link("run", "used", "recipe"),
        Link("run", "used", "model"),
        Link("run of a changed recipe", "used", "recipe"),
    )

    impact = find_impact(ProvenanceGraph(nodes, links), ("model",), 20)

    assert impact.affected == (
        Affected("recipe", "MODEL_RUN_WORKFLOW_TEMPLATE", 1, "model"),
        Affected("run", "MODEL_RUN", 1, "model"),
    )


def test_all_versions_of_an_item_are_started_from_at_once() -> None:
    dataset, run = Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN")
    nodes = {
        "v1": dataset, "v2": dataset, "version": Kind("ACTIVITY", "VERSION"), "old run": run, "new run": run,
    }  # fmt: skip
    links = (
        Link("version", "used", "v1"),
        Link("v2", "wasGeneratedBy", "version"),
        Link("old run", "used", "v1"),
        Link("new run", "used", "v2"),
    )

    impact = find_impact(ProvenanceGraph(nodes, links), ("v1", "v2"), 20, follow_versions=True)

    assert [item.id for item in impact.affected if item.subtype == "MODEL_RUN"] == ["new run", "old run"]
    assert (impact.newer_versions, impact.remakes_start) == ((), ())
