import itertools

import pytest
from authored_registry import ITEMS, SECRET, a_record, known
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.drafts import DraftAssociations, DraftDataset, RunDraft
from provena_mcp.rules.linking import link_problems, link_references
from provena_mcp.rules.problems import Candidate, Problem
from provena_mcp.rules.references import Found, Reference, Refused, references
from provena_mcp.rules.refusals import SEED_REASON, unknown_reason, wrong_subtype_reason
from provena_mcp.rules.validation import problems
from provena_mcp.wire.items import parse_item

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


def test_a_record_that_meets_every_demand_has_no_problems() -> None:
    assert problems(a_record(), known()) == ()


def test_references_are_asked_for_in_two_rounds_because_the_workflow_template_names_more() -> None:
    record = a_record()
    everything = known()

    first = references(record, {})
    named = {reference.id: everything[reference.id] for reference in first}
    second = references(record, named)

    assert first == {
        Reference("recipe", "MODEL_RUN_WORKFLOW_TEMPLATE", "workflow_template"),
        Reference("study", "STUDY", "study"),
        Reference("wind", "DATASET", "input"),
        Reference("settings", "DATASET", "input"),
        Reference("output", "DATASET", "output"),
        Reference("jane", "PERSON", "modeller"),
        Reference("reef", "ORGANISATION", "requesting_organisation"),
    }
    assert second == {
        Reference("forcing", "DATASET_TEMPLATE", "dataset_template"),
        Reference("params", "DATASET_TEMPLATE", "dataset_template"),
        Reference("result", "DATASET_TEMPLATE", "dataset_template"),
        Reference("model", "MODEL", "model"),
    }
    assert references(record, everything) == frozenset()


def test_a_workflow_template_that_is_no_such_thing_names_nothing_further() -> None:
    record = a_record(workflow_template_id="model")

    assert references(record, known()) == frozenset()


def test_judging_a_record_before_its_references_are_looked_up_is_an_error() -> None:
    with pytest.raises(KeyError):
        problems(a_record(), {})


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


def test_everything_wrong_is_said_at_once_in_the_services_order() -> None:
    record = a_record(
        study_id="nowhere",
        inputs=[an_input("other", "nowhere"), an_input("params", "reserved", resources={"x": "y"})],
        outputs=[],
        associations={"modeller_id": "reef", "requesting_organisation_id": "jane"},
        annotations=None,
    )

    found = problems(record, known(forcing=Refused("unknown", "Gone."), model=SECRET))

    assert [(problem.path, problem.value, problem.status) for problem in found] == [
        ("study_id", "nowhere", 400),
        ("workflow_template_id", "forcing", 400),
        ("inputs", "forcing", 400),
        ("outputs", "result", 400),
        ("inputs[0].dataset_template_id", "other", 400),
        ("inputs[0].dataset_id", "nowhere", 400),
        ("inputs[1].dataset_id", "reserved", 400),
        ("inputs[1].resources", "", 400),
        ("inputs[1].resources", "x", 400),
        ("workflow_template_id", "model", 401),
        ("associations.modeller_id", "reef", 400),
        ("associations.requesting_organisation_id", "jane", 400),
        ("annotations", "scenario", 400),
    ]


def test_without_its_workflow_template_a_record_is_judged_as_far_as_possible() -> None:
    record = a_record(workflow_template_id="wind", inputs=[an_input("x", "nowhere")], annotations=None)

    found = problems(record, known())

    assert [(problem.path, problem.message) for problem in found] == [
        ("workflow_template_id", "'wind' is a dataset, not a workflow template."),
        ("inputs[0].dataset_id", "The registry holds no item 'nowhere'; the id of a dataset is needed here."),
    ]


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


REFUSALS = {
    "a seed item": ("reserved", "'reserved' is only a reserved id so far", SEED_REASON),
    "another subtype": (
        "jane",
        "'jane' is a person, not a dataset.",
        wrong_subtype_reason(parse_item(ITEMS["jane"]), "DATASET"),
    ),
    "no id": ("", "The id of a dataset is empty.", "Value error. Details ID cannot be empty."),
}


@pytest.mark.parametrize(("dataset_id", "message", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_an_id_that_does_not_fit_is_told_apart_by_why(dataset_id: str, message: str, reason: str) -> None:
    (problem,) = problems(a_record(inputs=[an_input("forcing", dataset_id)]), known())

    assert problem.message.startswith(message)
    assert f"error: Failed to retrieve item with details: {reason}." in problem.service_detail
    assert (problem.status, problem.job_info) == (400, problem.service_detail)


def test_an_item_the_caller_may_not_read_is_answered_with_401_and_lost_in_a_job() -> None:
    (problem,) = problems(a_record(study_id="secret"), known())

    assert (problem.status, problem.service_detail) == (
        401,
        "Registry API denied access to resource: 401. Error: You are not authorised to fetch this item.",
    )
    assert problem.message == "You may not read 'secret', so Provena refuses a run that refers to it."
    assert problem.job_info == "Job failed, err: Unhandled exception during model run validation. Error: .."


def test_a_template_of_no_workflow_is_answered_unwrapped_and_lost_in_a_job() -> None:
    (problem,) = problems(a_record(inputs=[an_input(), an_input("other")]), known())

    assert problem.service_detail.startswith("An input template in the payload (id: other)")
    assert problem.job_info == "Job failed, err: Unhandled exception during model run validation. Error: .."


def test_oddities_of_the_services_are_kept() -> None:
    with_output_template_as_input = a_record(inputs=[an_input(), an_input("result", "wind")])
    two_datasets_for_one_template = a_record(inputs=[an_input(), an_input("forcing", "settings")])
    with_empty_annotation = a_record(annotations={"scenario": "", "more": "allowed"})
    with_empty_organisation = a_record(associations={"modeller_id": "jane", "requesting_organisation_id": ""})
    with_one_dataset_in_and_out = a_record(outputs=[an_input("result", "wind")])

    for record in (
        with_output_template_as_input,
        two_datasets_for_one_template,
        with_empty_annotation,
        with_empty_organisation,
        with_one_dataset_in_and_out,
    ):
        assert problems(record, known()) == ()


def test_a_draft_is_judged_by_what_it_has() -> None:
    draft = RunDraft(
        workflow_template_id="recipe",
        inputs=(DraftDataset(dataset_template_id="params"), DraftDataset(dataset_id="nowhere")),
        associations=DraftAssociations(requesting_organisation_id="reef"),
    )

    found = problems(draft, known())

    assert [(problem.path, problem.value) for problem in found] == [
        ("inputs", "forcing"),
        ("inputs[0].resources", ""),
        ("inputs[1].dataset_id", "nowhere"),
        ("annotations", "scenario"),
    ]
    assert problems(RunDraft(), {}) == ()


def test_a_run_is_linked_to_a_study_only_once() -> None:
    run = {
        "id": "run",
        "item_category": "ACTIVITY",
        "item_subtype": "MODEL_RUN",
        "record": a_record(study_id="study").model_dump(),
    }
    with_run = known(run=Found(parse_item(run)))

    assert {reference.id for reference in link_references("run", "study", {})} == {"run", "study"}
    assert link_problems("run", "study", with_run) == (
        Problem(
            "model_run_id",
            "The run already belongs to study 'study'; update_model_run can change that.",
            "ModelRun run already linked to a study. Study ID: study. Cannot link to another study.",
            value="run",
        ),
    )


def test_a_link_is_refused_for_a_run_and_a_study_that_are_neither() -> None:
    found = link_problems("wind", "secret", known())

    assert [(problem.path, problem.message, problem.status) for problem in found] == [
        ("model_run_id", "'wind' is a dataset, not a model run.", 400),
        ("study_id", "You may not read 'secret', so Provena refuses a run that refers to it.", 401),
    ]
    assert found[0].service_detail.startswith(
        "Item wind failed validation: Failed to retrieve item with details: "
    )
