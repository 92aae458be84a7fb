"""A world in which runs can be registered: a workflow template with every kind of demand, and a record."""

from __future__ import annotations

from typing import Any

from tests.embedded.small_world import Json, dataset, item, model, person, template, workflow


def writable_world() -> list[Json]:
    """Everything ``a_record`` refers to; the local user is linked to nobody in it."""
    return [
        person("w/jane", ethics_approved=True),
        item("w/reef", "ORGANISATION", 1, name="Reef"),
        item("w/study", "STUDY", 1, title="A study", description="Of waves"),
        item("w/other-study", "STUDY", 1, title="Another", description="Of swell"),
        model("w/model"),
        template("w/in"),
        template(
            "w/params",
            deferred_resources=[{"key": "config", "description": "", "usage_type": "CONFIG_FILE"}],
        ),
        template("w/out"),
        workflow(
            "w/wf",
            "w/model",
            input_templates=[{"template_id": "w/in"}, {"template_id": "w/params", "optional": True}],
            output_templates=[{"template_id": "w/out"}],
            annotations={"required": ["scenario"], "optional": ["notes"]},
        ),
        dataset("w/wind"),
        dataset("w/settings"),
        dataset("w/waves"),
        dataset("w/more-waves"),
    ]


def a_record(**changes: Any) -> Json:
    """A record that can be registered there."""
    return {
        "workflow_template_id": "w/wf",
        "model_version": "1.0",
        "inputs": [
            {"dataset_template_id": "w/in", "dataset_id": "w/wind", "dataset_type": "DATA_STORE"},
            {
                "dataset_template_id": "w/params",
                "dataset_id": "w/settings",
                "dataset_type": "DATA_STORE",
                "resources": {"config": "run.yaml"},
            },
        ],
        "outputs": [{"dataset_template_id": "w/out", "dataset_id": "w/waves", "dataset_type": "DATA_STORE"}],
        "annotations": {"scenario": "baseline"},
        "display_name": "A run",
        "description": "A run of the model",
        "study_id": None,
        "associations": {"modeller_id": "w/jane", "requesting_organisation_id": None},
        "start_time": 1577836800,
        "end_time": 1577923200,
        **changes,
    }
