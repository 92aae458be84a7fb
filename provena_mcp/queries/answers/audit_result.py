"""What an audit holds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provena_mcp.lineage.audit.auditing import CheckName
from provena_mcp.lineage.audit.findings import Code, Severity, Verdict
from provena_mcp.queries.answers.common import NamedItem, NextCalls, Unreadable
from provena_mcp.queries.items.briefs.models import Brief


class AuditFinding(Brief):
    """Something found."""

    code: Code
    severity: Severity
    says: str
    ids: tuple[str, ...] = Field(description="Items it concerns.")
    of: int | None = Field(default=None, description="How many, if not all are shown.")
    evidence: dict[str, str] | None = Field(default=None, description="By id, what was seen there.")
    runs: int | None = Field(default=None, description="Of a study: in how many runs.")
    action: str = Field(description="What to do.")


class AuditCheck(Brief):
    """One line of the checklist."""

    check: CheckName
    state: Severity | Literal["ok"]
    evidence: str


class AuditedRun(Brief):
    """A run of a study."""

    id: str
    name: str | None = None
    verdict: Verdict
    current: bool
    blockers: tuple[Code, ...] | None = None


class Audit(Brief):
    """Whether a run or study can be repeated, and is still current."""

    answer: str
    item: NamedItem
    verdict: Verdict = Field(description="From what Provena holds; of a study, of its worst run.")
    current: bool = Field(description="False if something newer than what was used or made is known.")
    counts: dict[Severity, int]
    findings: tuple[AuditFinding, ...] = Field(description="Worst first.")
    checks: tuple[AuditCheck, ...] | None = None
    runs: tuple[AuditedRun, ...] | None = None
    runs_of: int | None = Field(default=None, description="Runs of the study, if not all are shown.")
    names: dict[str, str] = Field(description="Names of ids above.")
    complete: bool
    incomplete_because: str | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    next: NextCalls = None
