import pytest

from provena_mcp.rules.csv.reader import Conversion, convert, references
from provena_mcp.rules.csv.table import MAX_BYTES, CsvRow, CsvTable, read_table
from provena_mcp.rules.csv.writer import csv_text
from provena_mcp.rules.records.problems import Candidate
from provena_mcp.rules.records.references import Outcome
from tests.worlds.authored import NOWHERE, known
from tests.worlds.authored_csv import (
    BROKEN_ROW,
    END,
    GOOD,
    JOB,
    RECORD,
    RESULT,
    SETTINGS,
    START,
    WIND,
    a_csv,
    converted,
    findings,
)


def test_good_rows_become_records_and_submitted_rows_their_job_ids() -> None:
    rows = (
        {},
        {"_job_id": JOB, "display name": "", WIND: "nowhere"},
        {"annotation: notes": "windy", "study id": ""},
    )

    conversion = converted(a_csv(*rows))

    other = RECORD.model_copy(
        update={"annotations": {"scenario": "baseline", "notes": "windy"}, "study_id": None},
    )
    assert conversion == Conversion("recipe", records=(RECORD, other), existing=(JOB,))
    assert conversion.service_details == "Successfully generated model run records. There were 0 warnings."


def test_what_a_csv_needs_looked_up_is_asked_for_in_three_rounds() -> None:
    everything = known()
    table = read_table(a_csv({}, {"_job_id": JOB, WIND: "elsewhere"}, {WIND: ""}))
    assert isinstance(table, CsvTable)

    rounds: list[set[str]] = []
    found: dict[str, Outcome] = {}
    while wanted := references(table, found, registering=True):
        rounds.append({reference.id for reference in wanted})
        found |= {reference.id: everything[reference.id] for reference in wanted}

    assert rounds == [
        {"recipe"},
        {"forcing", "params", "result"},
        {"wind", "settings", "output", "jane", "study"},
    ]
    assert "jane" not in {reference.id for reference in references(table, _without(found, "jane", "study"))}


def _without(found: dict[str, Outcome], *ids: str) -> dict[str, Outcome]:
    return {item_id: outcome for item_id, outcome in found.items() if item_id not in ids}


def test_every_problem_of_every_row_is_found_in_the_services_order() -> None:
    rows = (
        {
            WIND: "nowhere",
            SETTINGS: "",
            "Input resource: override": " ",
            "annotation: scenario": "",
            START: "yesterday",
            "display name": "",
            "description": "",
        },
        {},
        {"_job_id": "soon"},
        {START: "2020-01-03 00:00:00+00:00"},
        {RESULT: "secret"},
    )

    conversion = converted(a_csv(*rows))

    assert findings(conversion) == [
        (1, WIND, "The registry holds no item 'nowhere'; the id of a dataset is needed here."),
        (1, SETTINGS, "The id of a dataset is empty; in a CSV Provena wants one for optional templates too."),
        (
            1,
            "Input resource: override",
            "The path of 'override' is empty; in a CSV Provena wants optional ones too.",
        ),
        (1, "annotation: scenario", "The annotation 'scenario' is required and empty."),
        (1, START, "'yesterday' is not a time such as 2023-01-13 10:00:00+10:00."),
        (1, "display name", "The display name is empty."),
        (1, "description", "The description is empty."),
        (3, "_job_id", "'soon' is not the id of a job. Leave the cell empty to submit the row as a new run."),
        (4, END, "The run ends before it starts."),
        (5, RESULT, "You may not read 'secret', so Provena refuses a run that refers to it."),
    ]
    assert [problem.service_detail for problem in conversion.problems[2:]] == [
        f"{BROKEN_ROW.format(1)}.",
        "Required annotation with key scenario was either empty or None.",
        f"{BROKEN_ROW.format(1)}Validation error when parsing provided time, expected format: "
        "YYYY-MM-DD HH:MM:SS+HH:MM..",
        f"{BROKEN_ROW.format(1)}Expected display name to be non-empty string..",
        f"{BROKEN_ROW.format(1)}Expected description to be non-empty string..",
        "Provided (job_id = 'soon') was not a valid UUID4 identitifer.",
        f"{BROKEN_ROW.format(4)}1 validation error for ModelRunRecord\n__root__\n  The 'start_time' "
        "value (1578009600) must be smaller than or equal to the 'end_time' value (1577923200). "
        "(type=value_error).",
        "Registry API denied access to resource: 401. Error: You are not authorised to fetch this item.",
    ]
    assert [problem.status for problem in conversion.problems] == [400] * 9 + [401]
    assert conversion.records == (RECORD,)


def test_short_long_and_blank_rows_are_named_as_such() -> None:
    header = ",".join(GOOD)
    blank = "," * (len(GOOD) - 1)
    content = f"{header}\n,A run,About it\n\n{blank}\n{blank},more,\n".encode()

    conversion = converted(content)

    assert findings(conversion)[:2] == [
        (1, "", "The row has 3 cells where there are 19 columns."),
        (2, "", "The row is blank: delete it."),
    ]
    assert (3, "", "The row has 21 cells where there are 19 columns; is a comma not in quotes?") in findings(
        conversion
    )
    details = {problem.row: problem.service_detail for problem in reversed(conversion.problems)}
    assert details[1] == f"{BROKEN_ROW.format(1)}'NoneType' object has no attribute 'strip'."
    assert details[2].startswith("The provided workflow template contained a dataset id  which was invalid")
    assert details[3] == f"{BROKEN_ROW.format(3)}'list' object has no attribute 'strip'."


def test_missing_columns_are_all_named_with_the_one_that_was_meant_and_rows_are_still_read() -> None:
    headers = [header for header in GOOD if header not in ("_job_status", "annotation: notes", SETTINGS)]
    headers[headers.index("description")] = "Description "
    cells = [GOOD.get(header, "text") for header in headers]
    cells[headers.index(WIND)] = "nowhere"

    conversion = converted(csv_text([headers, cells]).encode())

    assert [(problem.row, problem.column, problem.service_detail) for problem in conversion.problems] == [
        (0, "description", "Header validation error in CSV: Expected header 'description' not in headers!"),
        (
            0,
            SETTINGS,
            "Header validation error in CSV: "
            f"Expected dataset template header {SETTINGS} not in provided headers.",
        ),
        (0, "annotation: notes", "Header validation error in CSV: CSV has no header for notes annotation."),
        (
            0,
            "_job_status",
            "Header validation error in CSV: CSV is missing expected status header _job_status.",
        ),
        (
            1,
            WIND,
            "The provided workflow template contained a dataset id nowhere which was invalid, error: "
            f"{NOWHERE.service_text}.",
        ),
    ]
    assert conversion.problems[0].candidates == (Candidate("Description "),)
    assert (
        conversion.problems[0].message
        == "There is no column 'description'; is it the one called 'Description '?"
    )
    assert conversion.records == ()


def test_columns_in_any_order_are_read_and_extra_ones_passed_over_with_a_warning() -> None:
    cells = {"notes to self": "x", **dict(reversed(list(GOOD.items()))), "more": ""}

    conversion = converted(csv_text([list(cells), list(cells.values())]).encode())

    assert conversion == Conversion(
        "recipe",
        records=(RECORD,),
        warnings=(
            "Extra column with header 'notes to self' provided, ignoring",
            "Extra column with header 'more' provided, ignoring",
        ),
    )


NO_WORKFLOW = {
    "none": (["a", "b"], "None of the provided headers matched the expected workflow template flag"),
    "two": (["_workflow template id a", "_workflow template id b"], "Multiple provided headers matched the"),
    "a byte order mark": (["\ufeff_workflow template id recipe"], "None of the provided headers matched the"),
}


@pytest.mark.parametrize(("headers", "detail"), NO_WORKFLOW.values(), ids=NO_WORKFLOW)
def test_a_csv_must_name_one_workflow_template(headers: list[str], detail: str) -> None:
    table = CsvTable(tuple(headers), (CsvRow(1, ("",) * len(headers)),))

    assert references(table, {}) == frozenset()
    (problem,) = convert(table, {}).problems
    assert problem.service_detail.startswith(detail)
    assert (problem.row, problem.status) == (0, 400)


def test_a_marker_with_further_words_is_not_the_header_that_is_expected() -> None:
    changed = {
        ("_workflow template id recipe (mine)" if key.startswith("_work") else key): GOOD[key] for key in GOOD
    }

    conversion = converted(csv_text([list(changed), list(changed.values())]).encode())

    assert [(problem.column, problem.service_detail) for problem in conversion.problems] == [
        ("_workflow template id recipe", "Header validation error in CSV: ")
    ]


def test_people_studies_and_times_that_a_service_lets_pass_are_cautions() -> None:
    rows = (
        {"agent id": "nowhere", "study id": "wind"},
        {"agent id": "", "study id": "", START: "2020-01-01 00:00:00"},
        {"_job_id": JOB, "agent id": ""},
    )

    conversion = converted(a_csv(*rows))

    assert (conversion.problems, len(conversion.records)) == ((), 2)
    assert [(caution.row, caution.column, caution.message) for caution in conversion.cautions] == [
        (1, "agent id", "The registry holds no item 'nowhere'; the id of a person is needed here."),
        (1, "study id", "'wind' is a dataset, not a study."),
        (2, "agent id", "Every run needs its modeller's id."),
        (
            2,
            START,
            "'2020-01-01 00:00:00' does not say its offset from UTC: "
            "the server's own time zone will be assumed.",
        ),
    ]


def test_formulas_are_text_like_any_other() -> None:
    formulas = {"display name": "=cmd|' /C calc'!A0", "description": "@SUM(1)", "annotation: notes": "+1-2"}

    (record,) = converted(a_csv(formulas)).records

    assert (record.display_name, record.description) == ("=cmd|' /C calc'!A0", "@SUM(1)")
    assert record.annotations == {"scenario": "baseline", "notes": "+1-2"}


@pytest.mark.slow
def test_ten_thousand_rows_are_read() -> None:
    content = a_csv(*({"display name": f"Run {number}"} for number in range(10_000)))
    assert len(content) < MAX_BYTES

    assert len(converted(content).records) == 10_000
