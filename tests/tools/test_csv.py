"""Runs by the dozen: an empty CSV, a filled-in one checked and converted, a batch as CSV again."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.worlds.deployment import Send, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_in
from tests.worlds.sample_csv import END, FORCING, GOOD, SETTINGS, START, TEMPLATE, a_csv, found, trials

JOB = "7c0f5d1e-5a7a-4c63-8f63-6a1f0a1f3f10"
CONVERT = "/prov-api/bulk/convert_model_runs/csv"
WRONG = "Nothing can be registered from this CSV yet: correct the cells named and convert it again."


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_template_is_the_file_byte_for_byte_here_and_as_a_resource_and_saved(
    tmp_path: Path, era: str
):
    async with sample_client(tmp_path, era) as client:
        made = await call(client, "generate_csv_template", workflow_template_id=TEMPLATE, save_as="runs.csv")
        resource = await client.read_resource(made["uri"])
    assert made["csv"] == a_csv()
    assert (made["uri"], made["columns"]) == (f"provena://csv-template/{TEMPLATE}", len(GOOD))
    assert (resource.contents[0].mime_type, text_in(resource)) == ("text/csv", a_csv())
    assert Path(made["saved_to"]).read_bytes() == a_csv().encode()


@pytest.mark.asyncio
async def test_what_is_no_workflow_template_has_no_csv(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        model = await failure(client, "generate_csv_template", workflow_template_id="sample/1000006")
        nothing = await failure(client, "generate_csv_template", workflow_template_id="sample/9")
    assert (model["kind"], nothing["kind"]) == ("WrongSubtype", "NotFound")


@pytest.mark.asyncio
async def test_a_template_whose_columns_would_share_a_name_is_explained(tmp_path: Path):
    detail = {"detail": "Cannot generate CSV template with duplicate headers: ['Input resource: file']"}
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/prov-api/bulk/generate_template/csv"] = answering(500, detail)
        error = await failure(client, "generate_csv_template", workflow_template_id=TEMPLATE)
    assert (error["kind"], error["fault"]) == ("Rejected", "caller")
    assert error["message"].startswith("This workflow template can have no CSV: two of its dataset templates")


@BOTH_ERAS
@pytest.mark.asyncio
async def test_converted_rows_become_a_batch_by_their_reference(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(3)))
        shown = await call(client, **_next_of(converted))
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=3, confirm=True
        )
        again = await call(client, "regenerate_csv_from_model_run_batch", batch_id=done["batch_id"])
        submitted = await call(client, "convert_model_runs", model_run_content=again["csv"])
    assert converted == {
        "message": "Converted; nothing has been registered. Tell the user how many runs are new, then call "
        "register_batch_model_runs with this reference for a preview.",
        "new": 3,
        "existing": 0,
        "problems": [],
        "reference": converted["reference"],
        "template": {"id": TEMPLATE, "name": "Reef hydrodynamics"},
        "names": ["Trial 1", "Trial 2", "Trial 3"],
        "next": {
            "tool": "register_batch_model_runs",
            "arguments": {"reference": converted["reference"], "expect_new": 3},
        },
    }
    assert (shown["status"], shown["batch"]["count"]) == ("preview", 3)
    assert (done["status"], [run["name"] for run in done["runs"]]) == (
        "succeeded",
        ["Trial 1", "Trial 2", "Trial 3"],
    )
    assert (again["rows"], again["by_status"]) == (3, {"succeeded": 3})
    assert (submitted["new"], submitted["existing"], submitted["problems"]) == (0, 3, [])
    assert "reference" not in submitted
    assert submitted["next"] == {
        "tool": "get_job",
        "arguments": {"session_id": submitted["existing_jobs"][0]},
    }


def _next_of(converted: dict[str, Any]) -> dict[str, Any]:
    following = converted["next"]
    assert isinstance(following, dict)
    return {"tool": following["tool"], **following["arguments"]}


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


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.asyncio
async def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, end: str, mark: str):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=mark + a_csv({}, end=end))
    assert (converted["new"], converted["problems"]) == (1, [])


@pytest.mark.asyncio
async def test_a_formula_stays_the_text_that_it_is(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(
            client, "convert_model_runs", model_run_content=a_csv({"display name": "=cmd|' /C calc'!A0"})
        )
    assert converted["names"] == ["=cmd|' /C calc'!A0"]


@pytest.mark.asyncio
async def test_a_time_without_offset_is_a_warning(tmp_path: Path):
    content = a_csv({START: "2024-01-13 10:00:00", END: "2024-01-14 11:00:00+00:00"})
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert converted["new"] == 1
    assert converted["warnings"] == [
        f"row 1, {START}: '2024-01-13 10:00:00' does not say its offset from UTC: the server's own time zone "
        "will be assumed."
    ]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_ten_thousand_rows_are_converted_at_once(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(10_000)))
    assert (converted["new"], len(converted["names"])) == (10_000, 20)


@pytest.mark.asyncio
async def test_more_problems_than_an_answer_holds_are_counted(tmp_path: Path):
    content = a_csv(*({FORCING: f"sample/{number}"} for number in range(300)))
    async with sample_client(tmp_path, max_result_tokens=1000) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert converted["problem_count"] == 300
    assert [row for row, _, _ in found(converted)] == list(range(1, len(converted["problems"]) + 1))


@pytest.mark.asyncio
async def test_where_a_deployment_takes_what_we_doubt_it_has_the_last_word(tmp_path: Path):
    record = {
        "workflow_template_id": TEMPLATE,
        "inputs": [],
        "outputs": [],
        "display_name": "Told otherwise",
        "description": "By headers of its own.",
        "associations": {"modeller_id": "sample/1000005"},
        "start_time": 1,
        "end_time": 2,
    }
    body = {
        "status": {"success": True, "details": ""},
        "new_records": [record],
        "existing_records": [JOB],
        "warnings": [],
    }
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[CONVERT] = answering(200, body)
        converted = await call(
            client, "convert_model_runs", model_run_content=a_csv({}).replace("display name", "name", 1)
        )
    assert (converted["new"], converted["existing"], converted["existing_jobs"]) == (1, 1, [JOB])
    assert converted["problems"] == []
    assert converted["warnings"] == [
        "display name: There is no column 'display name'; is it the one called 'name'?"
    ]


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
async def test_a_csv_in_another_encoding_or_with_other_separators_is_refused_with_what_to_do(tmp_path: Path):
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "latin.csv").write_bytes(a_csv({"display name": "Rüf"}).encode("latin-1"))
    (folder / "wide.csv").write_bytes(a_csv({}).encode("utf-16"))
    async with sample_client(tmp_path) as client:
        errors = [
            await failure(client, "convert_model_runs_to_csv_with_file", file_path=name)
            for name in ("latin.csv", "wide.csv")
        ]
        semicolons = await failure(
            client, "convert_model_runs", model_run_content=a_csv({}).replace(",", ";")
        )
    assert [error["message"] for error in errors] == [
        "The CSV is not encoded in UTF-8. Line 2 holds a byte (0xfc) that UTF-8 has not.",
        "The CSV is not encoded in UTF-8. It is UTF-16.",
    ]
    assert semicolons["message"] == (
        "The columns of the CSV are separated by semicolons; Provena reads commas only."
    )


@pytest.mark.asyncio
async def test_a_file_of_50_mb_is_refused_unread(tmp_path: Path):
    folder = tmp_path / "saved"
    folder.mkdir()
    with (folder / "large.csv").open("wb") as file:
        file.truncate(50_000_000)
    async with sample_client(tmp_path) as client:
        error = await failure(client, "convert_model_runs_to_csv_with_file", file_path="large.csv")
    assert error["kind"] == "FileRefused"
    assert error["message"] == "'large.csv' has 50,000,000 bytes; the most that is read is 20,971,520."


@pytest.mark.asyncio
async def test_a_file_is_read_only_inside_the_folders_that_are_allowed(tmp_path: Path):
    inside, outside = tmp_path / "allowed", tmp_path / "outside"
    for folder in (inside / "deep", outside):
        folder.mkdir(parents=True)
    (inside / "deep" / "runs.csv").write_text(a_csv({}), newline="")
    (outside / "runs.csv").write_text(a_csv({}), newline="")
    (inside / "link.csv").symlink_to(outside / "runs.csv")
    (inside / "linked").symlink_to(outside)
    os.mkfifo(inside / "pipe.csv")
    async with sample_client(tmp_path, input_dirs=str(inside)) as client:
        taken = [
            await call(client, "convert_model_runs_to_csv_with_file", file_path=path)
            for path in ("deep/runs.csv", str(inside / "deep" / "runs.csv"))
        ]
        refused = {
            path: (await failure(client, "convert_model_runs_to_csv_with_file", file_path=path))["message"]
            for path in (
                str(outside / "runs.csv"),
                "../outside/runs.csv",
                "link.csv",
                "linked/runs.csv",
                "deep",
                "pipe.csv",
                "none.csv",
            )
        }
    assert [converted["new"] for converted in taken] == [1, 1]
    assert refused == {
        str(outside / "runs.csv"): f"'{outside / 'runs.csv'}' is outside the folders that may be read.",
        "../outside/runs.csv": "'../outside/runs.csv' is not a path that is read.",
        "link.csv": "'link.csv' is reached over a link, which is not followed.",
        "linked/runs.csv": "'linked/runs.csv' is reached over a link, which is not followed.",
        "deep": "'deep' cannot be read: Is a directory.",
        "pipe.csv": "'pipe.csv' is not a plain file.",
        "none.csv": "There is no file 'none.csv'.",
    }


@pytest.mark.asyncio
async def test_several_folders_are_named_as_in_path_and_a_relative_path_is_of_the_first(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    for number, folder in enumerate((first, second), start=1):
        folder.mkdir()
        (folder / "runs.csv").write_text(a_csv(*trials(number)), newline="")
    async with sample_client(tmp_path, input_dirs=f"{first}{os.pathsep}{second}") as client:
        converted = [
            await call(client, "convert_model_runs_to_csv_with_file", file_path=path)
            for path in ("runs.csv", str(second / "runs.csv"))
        ]
    assert [each["new"] for each in converted] == [1, 2]


@pytest.mark.asyncio
async def test_without_any_folder_no_file_is_read(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, output_dir="off") as client:
        error = await failure(client, "convert_model_runs_to_csv_with_file", file_path="/etc/hostname")
    assert error["message"] == "'/etc/hostname' is outside the folders that may be read."
    assert error["next"].startswith("Folders that may be read: none.")


@pytest.mark.asyncio
async def test_a_batch_is_found_by_the_session_of_any_of_its_jobs(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(2)))
        shown = await call(client, "register_batch_model_runs", reference=converted["reference"])
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        by_session = await call(
            client, "regenerate_csv_from_model_run_batch", batch_id=done["session_id"], save_as="batch.csv"
        )
        resource = text_in(await client.read_resource(by_session["uri"]))
    assert by_session["uri"] == f"provena://csv-batch/{done['batch_id']}"
    assert Path(by_session["saved_to"]).read_bytes() == resource.encode() == by_session["csv"].encode()


@pytest.mark.asyncio
async def test_an_unknown_batch_is_not_found_and_a_single_job_has_no_csv(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        unknown = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=JOB)
        report = await call(client, "generate_report", id="sample/1000042")
        single = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=report["session_id"])
    assert (unknown["kind"], unknown["message"]) == (
        "NotFound",
        f"There is neither a job nor a batch {JOB!r}.",
    )
    assert single["message"] == (
        f"Job {report['session_id']!r} belongs to no batch, so there is no CSV of it."
    )


@pytest.mark.asyncio
async def test_a_batch_whose_csv_cannot_be_read_is_an_error_that_names_the_way_out(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:

        async def huge(request: httpx.Request, send: Send) -> httpx.Response:
            del request, send
            return httpx.Response(200, text="display name\r\n" + "x" * 200_000)

        wire.spoilt["/prov-api/bulk/regenerate_from_batch/csv"] = huge
        error = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=JOB)
        opened = await call(client, "open_document", uri=f"provena://csv-batch/{JOB}")
    assert (error["kind"], error["fault"]) == ("MalformedAnswer", "deployment")
    assert "open_document" in error["next"]
    assert opened["total_chars"] == 200_014


@pytest.mark.asyncio
async def test_read_only_still_checks_a_csv(tmp_path: Path):
    async with sample_client(tmp_path, read_only=True) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        converted = await call(client, "convert_model_runs", model_run_content=a_csv({}))
    assert "register_batch_model_runs" not in names
    assert converted["new"] == 1


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
