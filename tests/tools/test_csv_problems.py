"""What is wrong in a CSV, all of it at once, by row and column."""

from pathlib import Path

import pytest

from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import call, sample_client
from tests.worlds.sample_csv import FORCING, GOOD, SETTINGS, START, a_csv, found, trials

CONVERT = "/prov-api/bulk/convert_model_runs/csv"
WRONG = "Nothing can be registered from this CSV yet: correct the cells named and convert it again."


@pytest.mark.asyncio
async def test_every_problem_is_told_by_row_and_column_at_once(tmp_path: Path):
    content = a_csv(
        {},
        {FORCING: "sample/1000005", SETTINGS: ""},
        {START: "yesterday", "annotation: scenario": ""},
        {"agent id": "sample/1000002", "_job_id": "not a job"},
    )
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert found(converted) == [
        (2, FORCING, "'sample/1000005' is a person, not a dataset."),
        (2, SETTINGS, "The path of 'settings_file' is empty; in a CSV Provena wants optional ones too."),
        (3, "annotation: scenario", "The annotation 'scenario' is required and empty."),
        (3, START, "'yesterday' is not a time such as 2023-01-13 10:00:00+10:00."),
        (
            4,
            "_job_id",
            "'not a job' is not the id of a job. Leave the cell empty to submit the row as a new run.",
        ),
    ]
    assert (converted["message"], converted["new"], converted["existing"]) == (WRONG, 1, 0)
    assert "reference" not in converted


@pytest.mark.asyncio
async def test_people_and_studies_that_provena_would_refuse_later_are_found_now(tmp_path: Path):
    content = a_csv({"agent id": "sample/1000002"}, {"study id": "Reef hindcast 2016-2019"})
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert found(converted) == [
        (1, "agent id", "'sample/1000002' is an organisation, not a person."),
        (
            2,
            "study id",
            "The registry holds no item 'Reef hindcast 2016-2019'; the id of a study is needed here.",
        ),
    ]
    assert converted["problems"][1]["candidates"][0] == {
        "id": "sample/1000031",
        "name": "Reef hindcast 2016-2019",
    }
    assert "reference" not in converted


@pytest.mark.asyncio
async def test_people_and_studies_are_found_wrong_beside_any_other_problem(tmp_path: Path):
    content = a_csv(
        {"agent id": "Maren Holt"}, {FORCING: "sample/9"}, {}, {"study id": "sample/8", START: "soon"}
    )
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert [(row, column) for row, column, _ in found(converted)] == [
        (1, "agent id"),
        (2, FORCING),
        (4, START),
        (4, "study id"),
    ]
    assert (converted["new"], converted["existing"]) == (1, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "The CSV is empty."),
        (a_csv(), "The CSV has no rows below its headers."),
        ("display name,display name\r\na,b\r\n", "The CSV has more than one column called 'display name'."),
        (
            "display name\r\na\r\n",
            "No column is called '_workflow template id' followed by an id; start from the workflow "
            "template's own CSV template.",
        ),
    ],
)
@pytest.mark.asyncio
async def test_a_file_that_is_wrong_as_a_whole_is_one_problem_in_row_0(
    tmp_path: Path, content: str, message: str
):
    async with sample_client(tmp_path) as client:
        folder = tmp_path / "saved"
        folder.mkdir()
        (folder / "runs.csv").write_text(content, newline="")
        converted = await call(client, "convert_model_runs_to_csv_with_file", file_path="runs.csv")
    assert [(each["row"], each["message"]) for each in converted["problems"]] == [(0, message)]


@pytest.mark.asyncio
async def test_ragged_rows_are_named(tmp_path: Path):
    content = a_csv({}) + "only,four,little,cells\r\n"
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert (2, "", f"The row has 4 cells where there are {len(GOOD)} columns.") in found(converted)


@pytest.mark.asyncio
async def test_more_problems_than_an_answer_holds_are_counted(tmp_path: Path):
    content = a_csv(*({FORCING: f"sample/{number}"} for number in range(300)))
    async with sample_client(tmp_path, max_result_tokens=1000) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert converted["problem_count"] == 300
    assert [row for row, _, _ in found(converted)] == list(range(1, len(converted["problems"]) + 1))


@pytest.mark.asyncio
async def test_a_missing_column_is_named_with_the_one_that_may_be_meant(tmp_path: Path):
    content = a_csv({}).replace("display name", "Display-name", 1).replace("description", "about", 1)
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert found(converted) == [
        (0, "display name", "There is no column 'display name'; is it the one called 'Display-name'?"),
        (
            0,
            "description",
            "There is no column 'description'; start from the workflow template's own CSV template.",
        ),
    ]


@pytest.mark.asyncio
async def test_a_refusal_that_our_rules_do_not_know_is_told_with_its_row(tmp_path: Path):
    detail = "There was an error while converting the CSV row for model run #2 into a model run record."
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[CONVERT] = answering(400, {"detail": detail})
        converted = await call(client, "convert_model_runs", model_run_content=a_csv({}, {}))
    assert found(converted) == [(2, "", "Provena refuses this row; its answer says why.")]
    assert converted["provena_said"] == detail


@pytest.mark.asyncio
async def test_rows_swallowed_by_an_open_quotation_mark_are_never_counted_as_converted(tmp_path: Path):
    lines = a_csv(*trials(3)).splitlines(keepends=True)
    opened = lines[1].rstrip("\r\n") + '"lost\r\n'
    async with sample_client(tmp_path) as client:
        converted = await call(
            client, "convert_model_runs", model_run_content="".join((lines[0], opened, *lines[2:]))
        )
    (problem,) = converted["problems"]
    assert (converted["new"], problem["row"], "reference" in converted) == (0, 1, False)
    assert problem["message"].startswith('A quotation mark (") opens in this cell and is never closed')
