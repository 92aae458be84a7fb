"""CSV files of the user: which are read, and in which encoding."""

import os
from pathlib import Path

import pytest

from tests.worlds.deployment import provena, server
from tests.worlds.sample import call, failure, sample_client
from tests.worlds.sample_csv import a_csv, trials


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
