"""A world in which runs can be registered: a workflow template with every kind of demand, and a record."""

from __future__ import annotations

from typing import Any

from tests.worlds.records import raw_record, templated
from tests.worlds.small import Json, dataset, item, model, person, template, workflow


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
    of_this_world = {
        "workflow_template_id": "w/wf",
        "model_version": "1.0",
        "inputs": [templated("w/in", "w/wind"), templated("w/params", "w/settings", config="run.yaml")],
        "outputs": [templated("w/out", "w/waves")],
        "annotations": {"scenario": "baseline"},
        "description": "A run of the model",
        "study_id": None,
        "associations": {"modeller_id": "w/jane", "requesting_organisation_id": None},
    }
    return raw_record(**of_this_world | changes)


def links_of(run_id: str) -> set[tuple[str, str, str]]:
    return {
        (run_id, "used", "w/model"),
        (run_id, "used", "w/wf"),
        (run_id, "used", "w/wind"),
        (run_id, "used", "w/settings"),
        (run_id, "wasAssociatedWith", "w/jane"),
    }
