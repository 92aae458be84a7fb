"""CSVs of the authored registry's workflow template."""

from typing import Any

from provena_mcp.rules.csv.reader import Conversion, convert
from provena_mcp.rules.csv.table import CsvTable, read_table
from provena_mcp.rules.csv.writer import csv_text
from tests.worlds.authored import known
from tests.worlds.records import record

WIND = "Input dataset id for template: The forcing [template id: forcing]"
SETTINGS = "Input dataset id for template: The params [template id: params]"
RESULT = "Output dataset id for template: The result [template id: result]"
START = "execution start time (YYYY-MM-DD HH:MM:SS+HH:MM)"
END = "execution end time (YYYY-MM-DD HH:MM:SS+HH:MM)"
JOB = "7c0f5d1e-5a7a-4c63-8f63-6a1f0a1f3f10"

GOOD = {
    "_workflow template id recipe": "",
    "display name": "A run",
    "description": "A run of the model.",
    "model version (optional)": "1.0",
    "agent id": "jane",
    "study id": "study",
    START: "2020-01-01 00:00:00+00:00",
    END: "2020-01-02 00:00:00+00:00",
    WIND: "wind",
    SETTINGS: "settings",
    "Input resource: param_file": "run.yaml",
    "Input resource: override": "more.yaml",
    RESULT: "output",
    "annotation: scenario": "baseline",
    "annotation: notes": "",
    "_job_id": "",
    "_job_status": "",
    "_model_run_record_id": "",
    "_error_info": "",
}
# The record that the good row describes.
RECORD = record(
    model_version="1.0",
    inputs=[
        {"dataset_template_id": "forcing", "dataset_id": "wind"},
        {
            "dataset_template_id": "params",
            "dataset_id": "settings",
            "resources": {"param_file": "run.yaml", "override": "more.yaml"},
        },
    ],
    outputs=[{"dataset_template_id": "result", "dataset_id": "output"}],
    annotations={"scenario": "baseline"},
    study_id="study",
)
BROKEN_ROW = (
    "There was an error while converting the CSV row for model run #{} into a model run record, exception: "
)


def a_csv(*rows: dict[str, str]) -> bytes:
    """A CSV of the good row with the given cells changed, once per argument."""
    headers = list(GOOD)
    return csv_text([headers, *([*(GOOD | row).values()] for row in rows)]).encode()


def converted(content: bytes, **changes: Any) -> Conversion:
    table = read_table(content)
    assert isinstance(table, CsvTable)
    return convert(table, known(**changes))


def findings(conversion: Conversion) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.message) for problem in conversion.problems]
