"""Random modelling programmes as plain records, cycles included, and the graph Provena keeps of them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version
from provena_mcp.wire.items import ModelRunRecord
from tests.worlds.records import record, templated

DATASETS = tuple(f"data/{number}" for number in range(6))
PEOPLE = ("person/0", "person/1")
MODELS = ("model/0", "model/1")
STUDIES = ("study/0", "study/1")
ORGANISATIONS = ("organisation/0",)
# Each model has one recipe; both recipes hold the dataset template that every dataset conforms to.
RECIPE_OF = {"model/0": "recipe/0", "model/1": "recipe/1"}
TEMPLATE = "template/0"


@dataclass(frozen=True)
class Run:
    """A model run in this file's own words."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    model: str
    modeller: str
    organisation: str | None
    study: str | None


@dataclass(frozen=True)
class Programme:
    """Runs, (old, new, by whom) versions and (item, by whom) registrations."""

    runs: tuple[Run, ...]
    versions: tuple[tuple[str, str, str], ...]
    registrations: tuple[tuple[str, str], ...]

    def graph(self) -> ProvenanceGraph:
        parts = [assert_model_run(run.id, _record(run), run.model) for run in self.runs]
        parts += [
            assert_version(f"version/{number}", old, new, "DATASET", who)
            for number, (old, new, who) in enumerate(self.versions)
        ]
        parts += [
            assert_creation(f"create/{number}", item, "MODEL" if item in MODELS else "DATASET", who)
            for number, (item, who) in enumerate(self.registrations)
        ]
        return ProvenanceGraph().merged(parts)


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    datasets = st.lists(st.sampled_from(DATASETS), max_size=2, unique=True).map(tuple)
    runs = tuple(
        Run(
            id=f"run/{number}",
            inputs=draw(datasets),
            outputs=draw(datasets),
            model=draw(st.sampled_from(MODELS)),
            modeller=draw(st.sampled_from(PEOPLE)),
            organisation=draw(st.sampled_from((*ORGANISATIONS, None))),
            study=draw(st.sampled_from((*STUDIES, None))),
        )
        for number in range(draw(st.integers(1, 5)))
    )
    people = st.sampled_from(PEOPLE)
    versions = tuple(
        (*draw(st.permutations(DATASETS).map(lambda ids: (ids[0], ids[1]))), draw(people))
        for _ in range(draw(st.integers(0, 2)))
    )
    registered = st.tuples(st.sampled_from((*DATASETS, *MODELS)), people)
    registrations = tuple(draw(st.lists(registered, max_size=2, unique_by=lambda pair: pair[0])))
    return Programme(runs, versions, registrations)


def _record(run: Run) -> ModelRunRecord:
    return record(
        workflow_template_id=RECIPE_OF[run.model],
        inputs=[templated(TEMPLATE, used) for used in run.inputs],
        outputs=[templated(TEMPLATE, made) for made in run.outputs],
        study_id=run.study,
        associations={"modeller_id": run.modeller, "requesting_organisation_id": run.organisation},
    )
