"""The runs of a lineage as an abstract workflow in CWL: what was done with what, and in which order.

No command is known, so each step is an ``Operation``: tools that read CWL can show and check it, and none
can mistake it for something to execute.
"""

from __future__ import annotations

from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

from provena_mcp.crates.export.registered_provenance import RegisteredProvenance, roles
from provena_mcp.rules.text import clean_json
from provena_mcp.wire.items import ModelRunItem

WORKFLOW_FILE: Final = "workflow.cwl"
CWL: Final = "https://w3id.org/workflowhub/workflow-ro-crate#cwl"
_VERSION: Final = "v1.2"


def abstract_workflow(provenance: RegisteredProvenance) -> bytes:
    """The workflow as JSON, which CWL may be written in.

    A step takes a dataset from the latest earlier step that made it; one that no earlier step made was there
    before. So a run that overwrites its own input, or that others wrote round in a circle, makes no cycle.
    """
    names = {dataset: f"dataset_{number}" for number, dataset in enumerate(provenance.datasets, start=1)}
    maker: dict[str, str] = {}
    outside: dict[str, None] = {}
    steps: list[JsonValue] = []
    for number, run in enumerate(provenance.runs, start=1):
        step = f"run_{number}"
        used, made = list(roles(run.record.inputs)), list(roles(run.record.outputs))
        outside |= {dataset: None for dataset in used if dataset not in maker}
        sources = {
            names[each]: f"{maker[each]}/{names[each]}_made" if each in maker else names[each]
            for each in used
        }
        steps.append(_step(provenance, run, step, sources, [f"{names[each]}_made" for each in made]))
        maker |= dict.fromkeys(made, step)
    document: JsonValue = {
        "cwlVersion": _VERSION,
        "class": "Workflow",
        "label": provenance.about.display_name or provenance.about.id,
        "doc": f"The recorded runs behind {provenance.about.id}, earliest first; no command is known.",
        "inputs": [_port(provenance, names[each], each) for each in outside],
        "outputs": [
            {**_port(provenance, f"{names[each]}_result", each), "outputSource": f"{step}/{names[each]}_made"}
            for each, step in maker.items()
            if each not in provenance.used
        ],
        "steps": steps,
    }
    return to_json(clean_json(document, limit=None), indent=1)


def _step(
    provenance: RegisteredProvenance,
    run: ModelRunItem,
    step: str,
    sources: dict[str, str],
    made: list[str],
) -> JsonValue:
    model = provenance.model_of(run)
    version = f" {run.record.model_version}" if run.record.model_version else ""
    operation: JsonValue = {
        "class": "Operation",
        "label": f"{provenance.name_of(model)}{version}" if model else "Software that could not be read",
        "inputs": [{"id": name, "type": "Directory"} for name in sources],
        "outputs": [{"id": name, "type": "Directory"} for name in made],
    }
    return {
        "id": step,
        "label": run.record.display_name,
        "doc": run.id,
        "run": operation,
        "in": [{"id": name, "source": source} for name, source in sources.items()],
        "out": [*made],
    }


def _port(provenance: RegisteredProvenance, name: str, dataset: str) -> dict[str, JsonValue]:
    return {"id": name, "type": "Directory", "label": provenance.name_of(dataset), "doc": dataset}
