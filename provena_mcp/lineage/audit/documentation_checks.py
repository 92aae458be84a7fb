"""Checks on what a run leaves unsaid: optional inputs that its template has room for, and descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.lineage.audit.record_checks import unless_empty
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetItem, ModelItem, RegistryItem, WorkflowTemplateItem

_WORD: Final = re.compile(r"[^\W_]{2,}")
_SHOWN: Final = 40


def check_documentation(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the template's optional inputs are given, and the run and what it names are described."""
    described = dict(_descriptions(evidence))
    undescribed = {item: _lack(text) for item, text in described.items() if _is_empty(text)}
    left_out = _optional_inputs_left_out(evidence)
    findings = unless_empty(("optional_input_left_out", left_out), ("description_missing", undescribed))
    told = f"described: {len(described) - len(undescribed)} of {len(described)}"
    return f"{told}, optional inputs left out: {len(left_out)}", findings


def _optional_inputs_left_out(evidence: RunEvidence) -> dict[str, str]:
    """Dataset templates of optional inputs for which the run names no dataset."""
    template = evidence.item(evidence.run.record.workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE")
    if not isinstance(template, WorkflowTemplateItem):
        return {}
    given = {dataset.dataset_template_id for dataset in evidence.run.record.inputs}
    return {
        place.template_id: ""
        for place in template.input_templates
        if place.optional and place.template_id not in given
    }


def _descriptions(evidence: RunEvidence) -> Iterator[tuple[str, str]]:
    yield evidence.run.id, evidence.run.record.description
    template = evidence.item(evidence.run.record.workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE")
    found: list[RegistryItem] = [*evidence.datasets((*evidence.inputs, *evidence.outputs))]
    if isinstance(template, WorkflowTemplateItem):
        model = evidence.item(template.software_id, "MODEL")
        if isinstance(model, RegistryItem):
            found.append(model)
    for item in found:
        if isinstance(item, DatasetItem):
            yield item.id, item.collection_format.dataset_info.description or ""
        elif isinstance(item, ModelItem):
            yield item.id, item.description or ""


def _is_empty(text: str) -> bool:
    """Whether a text says nothing: blank, a dash, a letter."""
    return not _WORD.search(text)


def _lack(text: str) -> str:
    shown = clean(text, _SHOWN)
    return f"only {shown!r}" if shown else "empty"
