"""Checks on a run's own record, and on its recipe: workflow template, dataset templates and model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from provena_mcp.lineage.audit.evidence import RunEvidence, day
from provena_mcp.lineage.audit.findings import Code, Finding
from provena_mcp.rules.budgets import TEXT_LENGTH
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import Refused, references, workflow_references
from provena_mcp.rules.records.validation import problems
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import ModelItem, WorkflowTemplateItem

_PLACE: Final = re.compile(r"(?P<side>inputs|outputs)\[(?P<index>\d+)\]")
# No model run in any Provena is older.
_EARLIEST: Final = 315_532_800  # 1980-01-01


def check_model(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the model, its version and its source are known."""
    findings: list[Finding] = []
    version = clean(evidence.run.record.model_version or "", TEXT_LENGTH)
    if not version:
        findings.append(Finding("model_version_missing", {evidence.run.id: ""}))
    source = ""
    model = _model(evidence)
    if isinstance(model, ModelItem):
        source = clean(model.source_url or "", TEXT_LENGTH)
        if not source:
            findings.append(Finding("model_source_missing", {model.id: ""}))
    return f"version {version or 'not stated'}; source {source or 'not known'}", findings


def check_recipe(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the template, its dataset templates and the model are there, readable and the latest."""
    gone: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    superseded: dict[str, str] = {}
    parts = dict.fromkeys(workflow_references(evidence.run.record.workflow_template_id, evidence.known))
    for item_id, subtype, _ in parts:
        found = evidence.item(item_id, subtype)
        if not isinstance(found, Refused):
            replaced = evidence.replaced(found)
            if replaced:
                superseded[item_id] = replaced
        elif found.kind == "unreadable":
            unreadable[item_id] = "may not be read"
        else:
            gone[item_id] = refusal(found)
    findings = unless_empty(
        ("recipe_missing", gone), ("recipe_unreadable", unreadable), ("recipe_superseded", superseded)
    )
    readable = len(parts) - len(gone) - len(unreadable)
    return f"template, its dataset templates and model: {len(parts)}, readable: {readable}", findings


def check_fit(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the record gives all that its template asks for (provena-http 4.4)."""
    if references(evidence.run.record, evidence.known):
        return "not checked: the template or what it names could not be read", []
    record = evidence.run.record
    found: dict[Code, dict[str, str]] = {}
    for problem in problems(record, evidence.known):
        code = _code_of(problem)
        if code is not None:
            found.setdefault(code, {})[_subject(problem, evidence)] = clean(problem.message, TEXT_LENGTH)
    findings = [Finding(code, seen) for code, seen in found.items()]
    files = sum(len(dataset.resources or {}) for dataset in (*record.inputs, *record.outputs))
    return f"annotations stated: {len(record.annotations or {})}, file paths: {files}", findings


def check_times(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the run's times are plausible and its provenance is lodged."""
    record = evidence.run.record
    odd: list[str] = []
    if record.end_time > evidence.now:
        odd.append("it ends in the future")
    if record.start_time < _EARLIEST:
        odd.append("it starts before 1980")
    if 0 < evidence.run.created_timestamp < record.end_time:
        odd.append("it was registered before it ended")
    findings = [Finding("times_suspect", {evidence.run.id: "; ".join(odd)})] if odd else []
    # Its status says nothing: an update leaves it at COMPLETE, and what is taken out of the graph at LODGED.
    if evidence.run.id not in evidence.upstream.nodes:
        findings.append(
            Finding("not_lodged", {evidence.run.id: f"status {clean(evidence.run.record_status, 40)}"})
        )
    return f"{day(record.start_time)} to {day(record.end_time)}", findings


def refusal(refused: Refused) -> str:
    """Why an item cannot be used, in a few words."""
    if refused.kind == "seed":
        return "only a reserved id"
    return {"unknown": "not in the registry", "unreadable": "may not be read"}.get(
        refused.kind, "not what it should be"
    )


def unless_empty(*found: tuple[Code, Mapping[str, str]]) -> list[Finding]:
    """A finding for each code that concerns any item."""
    return [Finding(code, seen) for code, seen in found if seen]


def _code_of(problem: Problem) -> Code | None:
    """What a problem means for repeating the run; references are checked by themselves."""
    if problem.subtype is not None:
        return None
    if problem.path == "annotations":
        return "annotations_missing"
    side = "input" if problem.path.startswith("inputs") else "output"
    if problem.path in ("inputs", "outputs"):
        return "required_input_missing" if side == "input" else "required_output_missing"
    # A value is something given that does not belong; without one something is lacking.
    if problem.path.endswith(".resources") and not problem.value:
        return "input_files_missing" if side == "input" else "output_files_missing"
    return "template_mismatch"


def _subject(problem: Problem, evidence: RunEvidence) -> str:
    """The item a problem is about: a dataset in a role, the role that is empty, or the run."""
    place = _PLACE.match(problem.path)
    if place is not None:
        record = evidence.run.record
        datasets = record.inputs if place["side"] == "inputs" else record.outputs
        return datasets[int(place["index"])].dataset_id
    return problem.value if problem.path in ("inputs", "outputs") else evidence.run.id


def _model(evidence: RunEvidence) -> object:
    template = evidence.item(evidence.run.record.workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE")
    if not isinstance(template, WorkflowTemplateItem):
        return None
    return evidence.item(template.software_id, "MODEL")
