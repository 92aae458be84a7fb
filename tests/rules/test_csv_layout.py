from provena_mcp.rules.csv.layout import (
    CsvLayout,
    CsvProblem,
    csv_layout,
    layout_references,
    template_problem,
)
from provena_mcp.rules.csv.writer import template_text
from provena_mcp.rules.records.references import Reference, Refused
from tests.worlds.authored import SECRET, known
from tests.worlds.authored_csv import GOOD, RESULT


def test_the_columns_of_a_template_are_the_services_in_their_order() -> None:
    layout = csv_layout("recipe", known())

    assert isinstance(layout, CsvLayout)
    assert layout.headers == tuple(GOOD)
    assert template_text(layout) == ",".join(GOOD) + "\r\n"
    assert template_problem(layout) is None


def test_a_layout_needs_the_dataset_templates_but_not_the_model() -> None:
    everything = known()
    first = layout_references("recipe", {})

    assert first == {Reference("recipe", "MODEL_RUN_WORKFLOW_TEMPLATE", "workflow_template")}
    assert {reference.id for reference in layout_references("recipe", {"recipe": everything["recipe"]})} == {
        "forcing",
        "params",
        "result",
    }
    assert layout_references("recipe", everything) == frozenset()


def test_names_with_commas_and_quotes_are_quoted_and_others_are_not() -> None:
    layout = csv_layout("recipe", known(result={"display_name": 'Reef, "coral"\ncover'}))

    assert isinstance(layout, CsvLayout)
    quoted = '"Output dataset id for template: Reef, ""coral""\ncover [template id: result]"'
    assert (
        template_text(layout) == ",".join(quoted if header == RESULT else header for header in GOOD) + "\r\n"
    )


def test_a_workflow_template_with_bad_parts_has_no_layout_and_says_all_of_them() -> None:
    gone = Refused("unknown", "Gone.")

    found = csv_layout("recipe", known(forcing=gone, result=SECRET))

    assert found == (
        CsvProblem(
            "The registry holds no item 'forcing'; the id of a dataset template is needed here.",
            "The provided workflow template contained a dataset template id forcing which was invalid, "
            "error: Failed to retrieve item with details: Gone...",
            value="forcing",
            subtype="DATASET_TEMPLATE",
        ),
        CsvProblem(
            "You may not read 'result', so Provena refuses a run that refers to it.",
            "Registry API denied access to resource: 401. Error: You are not authorised to fetch this item.",
            status=401,
            value="result",
            subtype="DATASET_TEMPLATE",
        ),
    )


def test_dataset_templates_that_share_a_resource_key_cannot_be_told_apart_in_a_csv() -> None:
    shared = {"deferred_resources": [{"key": "param_file"}]}
    layout = csv_layout("recipe", known(forcing=shared))

    assert isinstance(layout, CsvLayout)
    problem = template_problem(layout)
    assert problem is not None
    assert (problem.status, problem.service_detail) == (
        500,
        "Cannot generate CSV template with duplicate headers: ['Input resource: param_file']",
    )
