import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.records.problems import Candidate, Problem
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.rules.records.validation import problems
from tests.worlds.authored import a_record, known

NO_ITEM = f"Failed to retrieve item with details: {unknown_reason('nowhere')}."


def refused(inner: str) -> str:
    return f"Failed to validate an entity's ID in the record, error: {inner}."


def no_definition(item_id: str) -> str:
    return refused(
        f"Provided model run workflow definition with id {item_id} was not a valid id, error: {NO_ITEM}"
    )


def not_given(template_id: str, side: str) -> str:
    expected = f"The workflow definition expects dataset with template ID {template_id}"
    return refused(f"{expected} but it was not present in the {side}s.")


def foreign(template_id: str, side: str) -> str:
    return (
        f"An {side} template in the payload (id: {template_id}) does not exist in the workflow definition's "
        f"list of expected/required {side} dataset templates. "
        f"Check your workflow definition and provided {side} dataset templates are correct."
    )


def bad_dataset(side: str, template_id: str, reason: str) -> str:
    process = f"An {side} dataset validation process failed, type DATA_STORE, template id {template_id}"
    return refused(f"{process}, reason {reason}.")


def an_input(template_id: str = "forcing", dataset_id: str = "wind", **more: object) -> dict[str, object]:
    return {"dataset_template_id": template_id, "dataset_id": dataset_id, **more}


PARAMS = an_input("params", "settings", resources={"param_file": "run.yaml"})


# Each change breaks one thing; the problem is all that is found and what the service answers first.
ONE_BY_ONE = {
    "study": (
        {"study_id": "nowhere"},
        Problem(
            "study_id",
            "The registry holds no item 'nowhere'; the id of a study is needed here.",
            no_definition("nowhere"),
            value="nowhere",
            subtype="STUDY",
        ),
    ),
    "workflow template": (
        {"workflow_template_id": "nowhere"},
        Problem(
            "workflow_template_id",
            "The registry holds no item 'nowhere'; the id of a workflow template is needed here.",
            no_definition("nowhere"),
            value="nowhere",
            subtype="MODEL_RUN_WORKFLOW_TEMPLATE",
        ),
    ),
    "required input": (
        {"inputs": [PARAMS]},
        Problem(
            "inputs",
            "An input for dataset template 'forcing' is required and none is given.",
            not_given("forcing", "input"),
            value="forcing",
            candidates=(Candidate("forcing", "The forcing"),),
        ),
    ),
    "required output": (
        {"outputs": []},
        Problem(
            "outputs",
            "An output for dataset template 'result' is required and none is given.",
            not_given("result", "output"),
            value="result",
            candidates=(Candidate("result", "The result"),),
        ),
    ),
    "template of another workflow": (
        {"inputs": [an_input(), an_input("forcings", "wind")]},
        Problem(
            "inputs[1].dataset_template_id",
            "Dataset template 'forcings' is not one of the workflow template's.",
            foreign("forcings", "input"),
            value="forcings",
            candidates=(Candidate("forcing", "The forcing"),),
        ),
    ),
    "output template of another workflow": (
        {"outputs": [an_input("result", "output"), an_input("other", "output")]},
        Problem(
            "outputs[1].dataset_template_id",
            "Dataset template 'other' is not one of the workflow template's.",
            foreign("other", "output"),
            value="other",
            candidates=(Candidate("result", "The result"),),
        ),
    ),
    "input dataset": (
        {"inputs": [an_input("forcing", "nowhere")]},
        Problem(
            "inputs[0].dataset_id",
            "The registry holds no item 'nowhere'; the id of a dataset is needed here.",
            bad_dataset(
                "input", "forcing", f"Input dataset with id nowhere was not a valid id, error: {NO_ITEM}"
            ),
            value="nowhere",
            subtype="DATASET",
        ),
    ),
    "output dataset": (
        {"outputs": [an_input("result", "nowhere")]},
        Problem(
            "outputs[0].dataset_id",
            "The registry holds no item 'nowhere'; the id of a dataset is needed here.",
            bad_dataset(
                "output", "result", f"Input dataset with id nowhere was not a valid id, error: {NO_ITEM}"
            ),
            value="nowhere",
            subtype="DATASET",
        ),
    ),
    "missing resource": (
        {"inputs": [an_input(), an_input("params", "settings", resources={"override": "x"})]},
        Problem(
            "inputs[1].resources",
            "A path is required for 'param_file', which the dataset template leaves to each run.",
            bad_dataset(
                "input",
                "params",
                "The provided dataset template with id params and dataset id settings was missing deferred "
                "resource paths for the following required resource keys (param_file).",
            ),
            candidates=(Candidate("param_file"),),
        ),
    ),
    "unknown resource": (
        {
            "inputs": [
                an_input(),
                an_input("params", "settings", resources={"param_file": "a", "overide": "x"}),
            ]
        },
        Problem(
            "inputs[1].resources",
            "The dataset template has no resource 'overide' for a run to fill.",
            bad_dataset(
                "input",
                "params",
                "The provided dataset template with id params and dataset id settings provided unexpected "
                "deferred resource paths for the following unexpected resource keys (overide).",
            ),
            value="overide",
            candidates=(Candidate("override"),),
        ),
    ),
    "modeller": (
        {"associations": {"modeller_id": "nowhere"}},
        Problem(
            "associations.modeller_id",
            "The registry holds no item 'nowhere'; the id of a person is needed here.",
            refused(f"Modeller with id nowhere was not a valid person, error: {NO_ITEM}."),
            value="nowhere",
            subtype="PERSON",
        ),
    ),
    "organisation": (
        {"associations": {"modeller_id": "jane", "requesting_organisation_id": "nowhere"}},
        Problem(
            "associations.requesting_organisation_id",
            "The registry holds no item 'nowhere'; the id of an organisation is needed here.",
            refused(f"Organisation with id nowhere was not a valid organisation, error: {NO_ITEM}."),
            value="nowhere",
            subtype="ORGANISATION",
        ),
    ),
    "annotation": (
        {"annotations": {"scenarios": "baseline"}},
        Problem(
            "annotations",
            "The workflow template requires annotations that are not given: 'scenario'.",
            refused("Missing required annotations with keys: (scenario)."),
            value="scenario",
            candidates=(Candidate("scenarios"),),
        ),
    ),
}


@pytest.mark.parametrize(("changes", "problem"), ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_one_thing_wrong_is_one_problem(changes: dict[str, object], problem: Problem) -> None:
    assert problems(a_record(**changes), known()) == (problem,)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(set(ONE_BY_ONE) - {"workflow template", "template of another workflow"})))
)
def test_problems_of_different_fields_are_all_found_whatever_else_is_wrong(names: set[str]) -> None:
    chosen = [ONE_BY_ONE[name] for name in ONE_BY_ONE if name in names]
    for one, other in itertools.combinations(chosen, 2):
        if set(one[0]) & set(other[0]):
            return
    changes = {field: value for change, _ in chosen for field, value in change.items()}

    found = problems(a_record(**changes), known())

    assert set(found) == {problem for _, problem in chosen}
