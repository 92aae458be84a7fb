"""Random worlds of the shape Provena's registry can hold, cycles included, as the graphs they assert."""

from hypothesis import strategies as st

from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version
from provena_mcp.wire.items import JsonObject, ModelRunRecord
from tests.worlds.records import record, templated

DATASETS = tuple(f"data/{number}" for number in range(4))
PEOPLE = ("person/0", "person/1")


@st.composite
def worlds(draw: st.DrawFn, runs: int = 4, versions: int = 2) -> ProvenanceGraph:
    """A small world: runs that read and overwrite a few datasets, versions and registrations of them."""
    parts = [
        assert_model_run(f"run/{number}", draw(_records()), "model") for number in range(draw(_up_to(runs)))
    ]
    for number in range(draw(st.integers(0, versions))):
        old, new = draw(st.permutations(DATASETS))[:2]
        parts.append(assert_version(f"version/{number}", old, new, "DATASET", draw(_registrants())))
    for number in range(draw(st.integers(0, 2))):
        created = draw(st.sampled_from(DATASETS))
        parts.append(assert_creation(f"create/{number}", created, "DATASET", draw(_registrants())))
    return ProvenanceGraph().merged(parts)


def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most)


def _registrants() -> st.SearchStrategy[str | None]:
    return st.sampled_from((*PEOPLE, None))


def _templated() -> st.SearchStrategy[list[JsonObject]]:
    datasets = st.lists(st.sampled_from(DATASETS), max_size=2, unique=True)
    return datasets.map(lambda ids: [templated("template", id_) for id_ in ids])


def _records() -> st.SearchStrategy[ModelRunRecord]:
    organisations = st.sampled_from(("organisation", None))
    return st.builds(
        record,
        inputs=_templated(),
        outputs=_templated(),
        study_id=st.sampled_from(("study", None)),
        associations=st.fixed_dictionaries(
            {"modeller_id": st.sampled_from(PEOPLE), "requesting_organisation_id": organisations}
        ),
    )


def makers_in(world: ProvenanceGraph, dataset: str, subtype: str) -> list[str]:
    return sorted(
        link.target
        for link in world.links
        if link.source == dataset
        and link.relation == "wasGeneratedBy"
        and world.nodes[link.target].subtype == subtype
    )
