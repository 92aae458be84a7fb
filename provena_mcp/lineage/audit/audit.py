"""The audit of a run: every check, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.lineage.audit.dataset_checks import check_currency, check_hosting, check_inputs, check_use
from provena_mcp.lineage.audit.documentation_checks import check_documentation
from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import MEANING, Code, Finding, Severity, state, worst_first
from provena_mcp.lineage.audit.lineage_checks import check_lineage
from provena_mcp.lineage.audit.record_checks import check_fit, check_model, check_recipe, check_times
from provena_mcp.lineage.audit.version_checks import check_versions

CheckName = Literal[
    "model",
    "recipe",
    "record",
    "documentation",
    "times",
    "inputs",
    "files",
    "currency",
    "versions",
    "use",
    "lineage",
]

_CHECKS: Final[Mapping[CheckName, Callable[[RunEvidence], tuple[str, list[Finding]]]]] = {
    "model": check_model,
    "recipe": check_recipe,
    "record": check_fit,
    "documentation": check_documentation,
    "times": check_times,
    "inputs": check_inputs,
    "files": check_hosting,
    "currency": check_currency,
    "versions": check_versions,
    "use": check_use,
    "lineage": check_lineage,
}


@dataclass(frozen=True)
class Check:
    """One line of the checklist: the worst of what it found, and what it looked at."""

    name: CheckName
    state: Severity | Literal["ok"]
    evidence: str


@dataclass(frozen=True)
class RunAudit:
    """A run's checklist and findings, worst first."""

    run_id: str
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]


def audit_run(evidence: RunEvidence) -> RunAudit:
    """Go through every check."""
    checks: list[Check] = []
    findings: list[Finding] = []
    for name, look in _CHECKS.items():
        told, found = look(evidence)
        checks.append(Check(name, state(found), told))
        findings.extend(found)
    return RunAudit(evidence.run.id, tuple(checks), tuple(worst_first(findings)))


def merge_findings(audits: Iterable[RunAudit]) -> list[tuple[Finding, tuple[str, ...]]]:
    """The findings of several runs, one a code and worst first, each with the runs it arose in."""
    evidence: dict[Code, dict[str, str]] = {}
    other_runs: dict[Code, dict[str, tuple[str, ...]]] = {}
    runs: dict[Code, list[str]] = {}
    for audit in audits:
        for finding in audit.findings:
            evidence.setdefault(finding.code, {}).update(finding.evidence)
            other_runs.setdefault(finding.code, {}).update(finding.runs)
            runs.setdefault(finding.code, []).append(audit.run_id)
    merged = worst_first(
        Finding(code, evidence[code], other_runs[code]) for code in MEANING if code in evidence
    )
    return [(finding, tuple(runs[finding.code])) for finding in merged]
