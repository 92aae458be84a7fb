from provena_mcp.rules.records.problems import Candidate, nearest
from provena_mcp.rules.records.requirements import (
    RequiredDataset,
    RequiredResource,
    Requirements,
    requirements,
)
from provena_mcp.wire.items import WorkflowTemplateItem
from tests.worlds.authored import item_of, known


def test_the_requirements_of_a_workflow_template_name_all_a_run_must_and_may_state() -> None:
    everything = known()
    workflow = item_of(everything, "recipe")
    assert isinstance(workflow, WorkflowTemplateItem)

    assert requirements(workflow, everything) == Requirements(
        workflow_template_id="recipe",
        name="The recipe",
        model_id="model",
        model_name="The model",
        inputs=(
            RequiredDataset("forcing", "The forcing", True, ()),
            RequiredDataset(
                "params",
                "The params",
                False,
                (
                    RequiredResource("param_file", True, "chosen per run", "PARAMETER_FILE"),
                    RequiredResource("override", False, "", "CONFIG_FILE"),
                ),
            ),
        ),
        outputs=(RequiredDataset("result", "The result", True, ()),),
        required_annotations=("scenario",),
        optional_annotations=("notes",),
    )


def test_requirements_keep_the_place_of_a_template_that_cannot_be_read() -> None:
    everything = known(forcing=known()["secret"], model=known()["nowhere"])
    workflow = item_of(everything, "recipe")
    assert isinstance(workflow, WorkflowTemplateItem)

    found = requirements(workflow, everything)

    assert (found.inputs[0], found.model_name) == (RequiredDataset("forcing", "", True, ()), "")


def test_the_nearest_candidates_come_first_by_id_or_name_and_unlike_ones_not_at_all() -> None:
    choices = [
        Candidate("10378.1/1900010", "Met forcing"),
        Candidate("10378.1/1900011", "Reef runs"),
        Candidate("other/7", "Bathymetry"),
    ]

    assert nearest("10378.1/1900001", choices) == (choices[0], choices[1])
    assert nearest("met Forcings", choices) == (choices[0],)
    assert nearest("zzz", choices) == ()
    assert nearest("10378.1/1900001", choices, limit=1) == (choices[0],)
