"""CSVs of the sample world's hydrodynamics template."""

import csv
from io import StringIO
from typing import Any

TEMPLATE = "sample/1000011"

START = "execution start time (YYYY-MM-DD HH:MM:SS+HH:MM)"
END = "execution end time (YYYY-MM-DD HH:MM:SS+HH:MM)"
FORCING = "Input dataset id for template: Atmospheric forcing [template id: sample/1000007]"
BATHYMETRY = "Input dataset id for template: Bathymetry and reef outlines [template id: sample/1000008]"
CURRENTS = "Output dataset id for template: Currents and temperature [template id: sample/1000010]"
SETTINGS = "Input resource: settings_file"

GOOD = {
    "_workflow template id sample/1000011": "",
    "display name": "Trial",
    "description": "A trial of the model.",
    "model version (optional)": "1.2",
    "agent id": "sample/1000005",
    "study id": "sample/1000031",
    START: "2024-01-13 10:00:00+10:00",
    END: "2024-01-13 11:00:00+10:00",
    FORCING: "sample/1000012",
    BATHYMETRY: "sample/1000013",
    "Input dataset id for template: Model settings [template id: sample/1000009]": "sample/1000014",
    SETTINGS: "drag.yaml",
    CURRENTS: "sample/1000015",
    "Output resource: restart_file": "restart.nc",
    "annotation: scenario": "hindcast",
    "annotation: grid_resolution": "200 m",
    "annotation: notes": "",
    "_job_id": "",
    "_job_status": "",
    "_model_run_record_id": "",
    "_error_info": "",
}


def a_csv(*rows: dict[str, str], end: str = "\r\n") -> str:
    """The good row with the given cells changed, once per argument."""
    text = StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(GOOD)
    writer.writerows([*(GOOD | row).values()] for row in rows)
    return text.getvalue()


def trials(count: int) -> list[dict[str, str]]:
    """That many rows that differ in their names."""
    return [{"display name": f"Trial {number}"} for number in range(1, count + 1)]


def found(converted: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Row, column and message of each problem."""
    return [(each["row"], each["column"], each["message"]) for each in converted["problems"]]
