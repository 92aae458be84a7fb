"""Whether a registered run may be linked to a study afterwards (provena-http 2.7)."""

from __future__ import annotations

from collections.abc import Iterator

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Known, Reference, Refused, missing, refusal_problem, resolve
from provena_mcp.wire.items import ModelRunItem
from provena_mcp.wire.subtypes import ItemSubtype


def link_references(model_run_id: str, study_id: str, known: Known) -> frozenset[Reference]:
    """What must still be looked up before the link can be judged."""
    run = Reference(model_run_id, "MODEL_RUN", "model_run")
    return missing((run, Reference(study_id, "STUDY", "study")), known)


def link_problems(model_run_id: str, study_id: str, known: Known) -> tuple[Problem, ...]:
    """Why the run cannot be linked to the study, the service's first problem first.

    Raises:
        KeyError: ``link_references`` is not empty.
    """
    return tuple(_link_problems(model_run_id, study_id, known))


def _link_problems(model_run_id: str, study_id: str, known: Known) -> Iterator[Problem]:
    yield from _refused("model_run_id", model_run_id, "MODEL_RUN", known)
    yield from _refused("study_id", study_id, "STUDY", known)
    run = resolve(model_run_id, "MODEL_RUN", known)
    if isinstance(run, ModelRunItem) and run.record.study_id is not None:
        linked = run.record.study_id
        detail = (
            f"ModelRun {model_run_id} already linked to a study. Study ID: {linked}. "
            "Cannot link to another study."
        )
        message = f"The run already belongs to study {linked!r}; update_model_run can change that."
        yield Problem("model_run_id", message, detail, value=model_run_id)


def _refused(path: str, item_id: str, subtype: ItemSubtype, known: Known) -> Iterator[Problem]:
    found = resolve(item_id, subtype, known)
    if isinstance(found, Refused):
        detail = f"Item {item_id} failed validation: {found.service_text}"
        yield refusal_problem(path, item_id, subtype, found, detail, known)
