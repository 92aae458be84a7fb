import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.lineage.comparison import (
    Aspect,
    Difference,
    Version,
    aspects_of_lineages,
    aspects_of_records,
    compare,
    previous_versions,
    version_chains,
)
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset
from tests.worlds.hops import hops_along
from tests.worlds.random_programmes import DATASETS, Programme, Run, programmes

# Thousands of random worlds take several times as long when every line is traced.
pytestmark = pytest.mark.no_cover

MODELS = {"recipe/0": "model/0", "recipe/1": "model/0"}
# One fact of a run: its field, role, key, side and value.
Fact = tuple[str, str | None, str | None, str | None, str]


def record(**changes: object) -> ModelRunRecord:
    return ModelRunRecord.model_validate(
        {
            "workflow_template_id": "recipe/0",
            "inputs": [],
            "outputs": [],
            "display_name": "A run",
            "description": "A run.",
            "associations": {"modeller_id": "ada"},
            "start_time": 1_577_836_800,
            "end_time": 1_577_923_200,
        }
        | changes
    )


def dataset(role: str, dataset_id: str, **resources: str) -> TemplatedDataset:
    return TemplatedDataset(dataset_template_id=role, dataset_id=dataset_id, resources=resources or None)


def templated() -> st.SearchStrategy[tuple[TemplatedDataset, ...]]:
    resources = st.dictionaries(
        st.sampled_from(("grid", "log")), st.sampled_from(("a.nc", "b.nc")), max_size=2
    )
    return st.lists(
        st.builds(
            TemplatedDataset,
            dataset_template_id=st.sampled_from(("forcing", "output")),
            dataset_id=st.sampled_from(DATASETS[:3]),
            resources=st.one_of(st.none(), resources),
        ),
        max_size=3,
    ).map(tuple)


def records() -> st.SearchStrategy[ModelRunRecord]:
    return st.builds(
        ModelRunRecord,
        workflow_template_id=st.sampled_from(("recipe/0", "recipe/1", "recipe/unread")),
        model_version=st.sampled_from((None, "1", "2")),
        inputs=templated(),
        outputs=templated(),
        annotations=st.one_of(
            st.none(), st.dictionaries(st.sampled_from("kl"), st.sampled_from(("", "x", "y")), max_size=2)
        ),
        display_name=st.just("A run"),
        description=st.just("A run."),
        study_id=st.sampled_from((None, "study/0", "study/1")),
        associations=st.builds(
            Associations,
            modeller_id=st.sampled_from(("ada", "grace")),
            requesting_organisation_id=st.sampled_from((None, "", "lab")),
        ),
        start_time=st.sampled_from((0, 1_577_836_800)),
        end_time=st.sampled_from((1_577_836_800, 1_577_923_200)),
    )


TIMES = {
    0: "1970-01-01T00:00:00Z",
    1_577_836_800: "2020-01-01T00:00:00Z",
    1_577_923_200: "2020-01-02T00:00:00Z",
}


def facts_of(run: ModelRunRecord) -> set[Fact]:
    facts: set[Fact] = {
        ("template", None, None, None, run.workflow_template_id),
        ("modeller", None, None, None, run.associations.modeller_id),
        ("start_time", None, None, None, TIMES[run.start_time]),
        ("end_time", None, None, None, TIMES[run.end_time]),
    }
    if run.workflow_template_id in MODELS:
        facts.add(("model", None, None, None, MODELS[run.workflow_template_id]))
    for field, value in (
        ("model_version", run.model_version),
        ("organisation", run.associations.requesting_organisation_id),
        ("study", run.study_id),
    ):
        if value:
            facts.add((field, None, None, None, value))
    for field, datasets in (("inputs", run.inputs), ("outputs", run.outputs)):
        for held in datasets:
            facts.add((field, held.dataset_template_id, None, None, held.dataset_id))
            for key, path in (held.resources or {}).items():
                facts.add(("resources", held.dataset_template_id, key, field, path))
    for key, value in (run.annotations or {}).items():
        facts.add(("annotations", None, key, None, value))
    return facts


@pytest.mark.slow
@given(runs=st.lists(records(), min_size=2, max_size=5))
def test_differences_are_exactly_the_facts_that_not_all_runs_share(runs: list[ModelRunRecord]) -> None:
    labels = "ABCDE"[: len(runs)]
    facts = {label: facts_of(run) for label, run in zip(labels, runs, strict=True)}
    shared = set.intersection(*facts.values())
    expected = {(label, *fact) for label, own in facts.items() for fact in own - shared}

    found = compare(aspects_of_records(dict(zip(labels, runs, strict=True)), MODELS), labels, {})

    told = [
        (label, aspect.field, aspect.role, aspect.key, aspect.side, value)
        for difference in found.differences
        for aspect in (difference.aspect,)
        for label, values in difference.values.items()
        for value in values
    ]
    assert sorted(told, key=repr) == sorted(expected, key=repr)
    differing = {fact[1:5] for fact in expected}
    assert {(a.field, a.role, a.key, a.side) for a in found.same} == {fact[:4] for fact in shared} - differing


def test_a_role_that_only_some_runs_fill_and_versions_of_one_dataset_are_told_apart() -> None:
    first = record(inputs=[dataset("bathymetry", "v1"), dataset("values", "sea"), dataset("wind", "x")])
    second = record(inputs=[dataset("bathymetry", "v2"), dataset("wind", "y")])
    chains = version_chains({"v2": "v1"})

    found = compare(aspects_of_records({"A": first, "B": second}, {}), "AB", chains)

    assert [
        (difference.aspect.role, difference.kind, difference.values) for difference in found.differences
    ] == [
        ("bathymetry", "versions", {"A": ("v1",), "B": ("v2",)}),
        ("values", "only_in_some", {"A": ("sea",)}),
        ("wind", "different", {"A": ("x",), "B": ("y",)}),
    ]


def test_a_run_that_has_all_that_another_has_and_more_contains_it() -> None:
    first = record(inputs=[dataset("wind", "x"), dataset("wind", "y")])
    second = record(inputs=[dataset("wind", "x")])

    (found,) = compare(aspects_of_records({"A": first, "B": second}, {}), "AB", {}).differences

    assert (found.kind, found.values, found.shared) == ("contains", {"A": ("y",)}, ("x",))


def test_of_several_datasets_in_a_role_only_those_not_shared_are_told() -> None:
    first = record(inputs=[dataset("wind", "shared"), dataset("wind", "x")])
    second = record(inputs=[dataset("wind", "shared"), dataset("wind", "y")])

    (difference,) = compare(aspects_of_records({"A": first, "B": second}, {}), "AB", {}).differences

    assert difference == Difference(
        aspect=Aspect(
            "inputs", {"A": frozenset({"shared", "x"}), "B": frozenset({"shared", "y"})}, role="wind"
        ),
        kind="different",
        values={"A": ("x",), "B": ("y",)},
        shared=("shared",),
    )


def upstream(graph: ProvenanceGraph, start: str) -> ProvenanceGraph:
    hops = hops_along(graph, "upstream", start, 99)
    return ProvenanceGraph(
        {node: kind for node, kind in graph.nodes.items() if node in hops},
        tuple(link for link in graph.links if link.source in hops),
    )


@pytest.mark.slow
@given(programme=programmes().filter(lambda programme: len(programme.runs) > 1 and not programme.versions))
def test_lineages_differ_by_what_only_some_runs_go_back_to(programme: Programme) -> None:
    starts = {"A": programme.runs[0].id, "B": programme.runs[1].id}
    lineages = {label: upstream(programme.graph(), start) for label, start in starts.items()}
    noise = ("create/", "version/")
    ids = {
        label: {node for node in graph.nodes if node != starts[label] and not node.startswith(noise)}
        for label, graph in lineages.items()
    }

    aspects, versions = aspects_of_lineages(lineages, starts)
    found = compare(aspects, "AB", versions)

    only_in: dict[str, set[str]] = {"A": set(), "B": set()}
    for difference in found.differences:
        for label, values in difference.values.items():
            only_in[label].update(values)
    assert only_in == {"A": ids["A"] - ids["B"], "B": ids["B"] - ids["A"]}


def test_two_lineages_over_an_old_and_a_new_version_differ_by_version_only() -> None:
    whole = Programme(
        runs=(_run("old run", "v1"), _run("new run", "v2")),
        versions=(("v1", "v2", "person/0"),),
        registrations=(),
    ).graph()
    starts = {"A": "old run", "B": "new run"}

    aspects, versions = aspects_of_lineages(
        {label: upstream(whole, start) for label, start in starts.items()}, starts
    )
    found = compare(aspects, "AB", versions)

    assert [(found_.aspect.field, found_.kind, found_.values) for found_ in found.differences] == [
        ("datasets", "versions", {"A": ("v1",), "B": ("v2",)})
    ]


def _run(run_id: str, bathymetry: str) -> Run:
    return Run(
        run_id, (bathymetry,), (), model="model/0", modeller="person/0", organisation=None, study="study/0"
    )


def test_a_chain_of_versions_ends_even_where_it_bites_its_own_tail() -> None:
    assert version_chains({"b": "a", "a": "b"}) == {"a": Version("b", 1), "b": Version("a", 1)}
    assert version_chains({"c": "b", "b": "a"}) == {
        "a": Version("a", 0),
        "b": Version("a", 1),
        "c": Version("a", 2),
    }


def test_version_activities_say_what_was_versioned() -> None:
    graph = Programme(runs=(), versions=(("v1", "v2", "ada"),), registrations=(("v1", "ada"),)).graph()

    assert previous_versions(graph) == {"v2": "v1"}
