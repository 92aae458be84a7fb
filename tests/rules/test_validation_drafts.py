from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.schema import (
    DraftAssociations,
    DraftDataset,
    PartialRecord,
    RunDraft,
    read_draft,
)
from provena_mcp.wire.items import JsonObject
from tests.worlds.authored import a_raw_record, a_record


def test_a_partial_record_says_what_is_missing_and_keeps_the_rest() -> None:
    draft = read_draft(
        {
            "workflow_template_id": "recipe",
            "inputs": [{"dataset_template_id": "forcing"}, {"dataset_id": "wind"}],
            "display_name": "",
            "description": None,
            "associations": {},
            "start_time": 5,
        }
    )

    assert draft == PartialRecord(
        RunDraft.model_validate(
            {
                "workflow_template_id": "recipe",
                "inputs": [
                    {"dataset_template_id": "forcing", "dataset_type": "DATA_STORE"},
                    {"dataset_id": "wind", "dataset_type": "DATA_STORE"},
                ],
                "associations": {},
                "start_time": 5,
            }
        ),
        missing=(
            "inputs[0].dataset_id",
            "inputs[1].dataset_template_id",
            "outputs",
            "display_name",
            "description",
            "associations.modeller_id",
            "end_time",
        ),
        problems=(),
        record=None,
    )


def test_what_is_malformed_in_a_partial_record_is_a_problem_and_left_out() -> None:
    draft = read_draft(
        {
            "inputs": ["wind"],
            "outputs": "none",
            "annotations": {"scenario": [1], "notes": "kept"},
            "start_time": "yesterday",
        }
    )

    assert [(problem.path, problem.message, problem.status) for problem in draft.problems] == [
        ("inputs[0]", "inputs[0] must be an object.", 422),
        ("outputs", "outputs must be a list.", 422),
        ("annotations.scenario", "annotations.scenario must be text.", 422),
        (
            "start_time",
            "start_time is not a time: give Unix seconds, or an ISO 8601 time with an offset such as "
            "2023-01-13T10:00:00+10:00.",
            422,
        ),
    ]
    assert (draft.run.inputs, draft.run.outputs, draft.run.annotations, draft.run.start_time) == (
        (DraftDataset(),),
        None,
        {"notes": "kept"},
        None,
    )


def test_a_complete_record_is_read_without_asking_for_the_only_dataset_type() -> None:
    raw: dict[str, Any] = a_raw_record()
    for dataset in (*raw["inputs"], *raw["outputs"]):
        del dataset["dataset_type"]

    draft = read_draft(raw)

    assert (draft.missing, draft.problems, draft.record) == ((), (), a_record())
    assert draft.run.associations == DraftAssociations(modeller_id="jane", requesting_organisation_id="reef")


def test_a_run_that_ends_before_it_starts_is_a_problem_of_its_end() -> None:
    draft = read_draft(a_raw_record(start_time=2, end_time=1))

    (problem,) = draft.problems
    assert (problem.path, problem.message) == ("end_time", "The run ends before it starts.")
    assert (draft.run.start_time, draft.run.end_time, draft.record) == (2, 1, None)


def test_a_record_that_is_no_object_is_one_problem() -> None:
    wrong = Problem("", "A record must be an object.", "value is not a valid dict", status=422)

    assert read_draft("a run") == PartialRecord(RunDraft(), (), (wrong,), None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["resources", "a"]), inner),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*a_raw_record(), "more"]), _JSON))
def test_any_json_object_is_read_as_a_draft_whose_parts_are_there_missing_or_wrong(raw: JsonObject) -> None:
    before = repr(raw)

    draft = read_draft(a_raw_record() | raw)

    assert repr(raw) == before
    assert (draft.record is None) == bool(draft.missing or draft.problems)
