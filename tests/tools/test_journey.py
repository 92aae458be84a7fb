"""The whole way of a batch as a host goes it, over stdio: from an empty CSV to the report naming its runs."""

import csv
import io
from pathlib import Path
from typing import Any

import docx
import pytest
from mcp import Client

from tests.worlds.sample import call, stdio_server
from tests.worlds.sample_csv import GOOD, TEMPLATE

NAMES = ["Trial of spring", "Trial of summer", "Trial of autumn"]
STUDY = "sample/1000031"


def filled_in(template: Path, names: list[str]) -> None:
    """A person fills the saved template in, one row per name."""
    (headers,) = csv.reader(io.StringIO(template.read_text("utf-8")))
    with template.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for name in names:
            cells = {**GOOD, "display name": name}
            writer.writerow([cells[header] for header in headers])


@pytest.mark.slow
@pytest.mark.parametrize("era", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_three_rows_of_a_csv_become_runs_lineage_and_a_report(tmp_path: Path, era: str):
    async with Client(stdio_server(tmp_path), mode=era) as client:
        template = await call(
            client, "generate_csv_template", workflow_template_id=TEMPLATE, save_as="trials.csv"
        )
        filled_in(Path(template["saved_to"]), NAMES)
        converted = await call(client, "convert_model_runs_to_csv_with_file", file_path="trials.csv")
        shown = await call(
            client, "register_batch_model_runs", reference=converted["reference"], expect_new=3
        )
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        children = await call(client, "get_job", session_id=done["batch_id"])
        lineage = await call(client, "explore_downstream", starting_id=STUDY, depth=1, max_tokens=8000)
        report = await call(client, "generate_report", id=STUDY, save_as="report.docx")
    assert (template["csv"], converted["new"], converted["problems"]) == (_empty(), 3, [])
    assert (shown["status"], shown["batch"]["names"]) == ("preview", NAMES)
    assert (done["status"], [run["name"] for run in done["runs"]]) == ("succeeded", NAMES)
    handles = [run["model_run_id"] for run in done["runs"]]
    assert sorted(run["model_run_id"] for run in children["runs"]) == sorted(handles)
    assert set(zip(handles, NAMES, strict=True)) <= _rows(lineage)
    assert set(handles) <= {
        item["id"] for section in report["outline"]["sections"] for item in section.get("items", ())
    }
    text = "\n".join(
        cell.text for row in docx.Document(report["saved_to"]).tables[0].rows for cell in row.cells
    )
    assert [name for name in NAMES if name not in text] == []


def _empty() -> str:
    text = io.StringIO()
    csv.writer(text).writerow(GOOD)
    return text.getvalue()


def _rows(lineage: dict[str, Any]) -> set[tuple[str, str]]:
    """Id and name of every node shown."""
    return {
        (item_id, name)
        for by_type in lineage["nodes"].values()
        for rows in by_type.values()
        for _, item_id, name in rows
    }
