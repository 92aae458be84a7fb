"""A model run record that is valid in itself, spelled once; every world says what it refers to."""

from __future__ import annotations

from typing import Any

from provena_mcp.wire.items import ModelRunRecord

# The whole of the first and of the second day of 2020, in Unix seconds.
STARTED, ENDED = 1577836800, 1577923200


def templated(template_id: str, dataset_id: str, **resources: str) -> dict[str, Any]:
    """A dataset in the role of a template, with the files a run chose in it."""
    dataset = {"dataset_template_id": template_id, "dataset_id": dataset_id, "dataset_type": "DATA_STORE"}
    return dataset | ({"resources": resources} if resources else {})


def raw_record(**fields: Any) -> dict[str, Any]:
    """A record as JSON; ``fields`` replace others or come on top."""
    record = {
        "workflow_template_id": "recipe",
        "inputs": [templated("forcing", "wind")],
        "outputs": [templated("result", "output")],
        "display_name": "A run",
        "description": "A run of the model.",
        "associations": {"modeller_id": "jane"},
        "start_time": STARTED,
        "end_time": ENDED,
    }
    return record | fields


def record(**fields: Any) -> ModelRunRecord:
    """The same, parsed."""
    return ModelRunRecord.model_validate(raw_record(**fields))
