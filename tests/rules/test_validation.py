import pytest

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Found, Reference, Refused, references
from provena_mcp.rules.records.refusals import SEED_REASON, wrong_subtype_reason
from provena_mcp.rules.records.schema import DraftAssociations, DraftDataset, RunDraft
from provena_mcp.rules.records.study_link import link_problems, link_references
from provena_mcp.rules.records.validation import problems
from provena_mcp.wire.items import RegistryItem, parse_item
from tests.worlds.authored import ITEMS, SECRET, a_record, known


def an_input(template_id: str = "forcing", dataset_id: str = "wind", **more: object) -> dict[str, object]:
    return {"dataset_template_id": template_id, "dataset_id": dataset_id, **more}


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


def test_an_item_that_lacks_what_its_subtype_needs_is_refused_as_the_registry_refuses_it() -> None:
    half = RegistryItem(id="half", item_category="ENTITY", item_subtype="MODEL_RUN_WORKFLOW_TEMPLATE")

    (problem,) = problems(a_record(workflow_template_id="half"), known(half=Found(half)))

    assert (problem.path, problem.message) == (
        "workflow_template_id",
        "'half' lacks what a workflow template must have; it must be completed in the registry first.",
    )
    assert "1 validation error for ItemModelRunWorkflowTemplate\nsoftware_id\n" in problem.service_detail


def test_a_refusal_that_does_not_come_with_the_item_still_says_why() -> None:
    refused = Refused(
        "wrong_subtype", "The record was found but could not parsed as an appropriate type: Error."
    )

    (problem,) = problems(a_record(study_id="x"), known(x=refused))

    assert problem.message == "'x' is something else, not a study."


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
