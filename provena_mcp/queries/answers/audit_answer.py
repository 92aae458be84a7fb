"""Tells an audit in names, as much of it as fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from provena_mcp.lineage.audit.audit import CheckName, RunAudit
from provena_mcp.lineage.audit.findings import MEANING, Code, Finding, Severity, Verdict, is_current, verdict
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.audit_contacts import WhomToAsk, named
from provena_mcp.queries.answers.common import (
    NamedItem,
    NextCalls,
    Unreadable,
    first_that_fits,
    named_item,
    unreadable_of,
)
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem, StudyItem


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


class AuditReproducibilityResult(Brief):
    """Whether a run or study can be repeated, and is still current."""

    answer: str
    item: NamedItem
    verdict: Verdict = Field(description="From what Provena holds; of a study, of its worst run.")
    current: bool = Field(description="False if something newer than what was used or made is known.")
    counts: dict[Severity, int]
    findings: tuple[AuditFinding, ...] = Field(description="Worst first.")
    whom_to_ask: tuple[WhomToAsk, ...] | None = Field(
        default=None, description="Modellers, and who answers for the data the findings are about."
    )
    checks: tuple[AuditCheck, ...] | None = None
    runs: tuple[AuditedRun, ...] | None = None
    runs_of: int | None = Field(default=None, description="Runs of the study, if not all are shown.")
    names: dict[str, str] = Field(description="Names of ids above.")
    complete: bool
    incomplete_because: str | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    next: NextCalls = None


# Ids of one finding and runs of a study, at most, in ever smaller answers.
_SIZES: Final = ((10, 40), (6, 25), (4, 15), (2, 8), (1, 4))
_NOUNS: Final[dict[Severity, str]] = {"blocker": "blocker", "warning": "warning", "info": "remark"}
_SAYS: Final = {
    "repeatable": "Can be repeated from what Provena holds",
    "with_caveats": "Can be repeated, with caveats",
    "not_repeatable": "Cannot be repeated from what Provena holds",
}


@dataclass(frozen=True)
class Audited:
    """What was found: each finding with the runs of a study it arose in, and each run's own audit."""

    findings: Sequence[tuple[Finding, tuple[str, ...]]]
    runs: Sequence[RunAudit]
    runs_of: int
    incomplete_because: str | None
    ask: Sequence[WhomToAsk] = ()


class AuditAnswer:
    """The audit of a run or of a study."""

    def __init__(self, reader: Reader, item: ModelRunItem | StudyItem, audited: Audited) -> None:
        """Tell ``audited``, found of ``item``."""
        self._reader = reader
        self._item = item
        self._audited = audited
        self._is_study = isinstance(item, StudyItem)
        self._findings = [finding for finding, _ in audited.findings]
        self._named = NamesFound()

    async def result(self, max_tokens: int) -> AuditReproducibilityResult:
        """The audit, with as many ids of each finding as fit."""
        most_ids, most_runs = _SIZES[0]
        wanted = {self._item.id}
        for finding in self._findings:
            wanted.update(list(finding.evidence)[:most_ids])
        wanted.update(row.id for row in self._audited.ask if row.id)
        if self._is_study:
            wanted.update(run.run_id for run in self._audited.runs[:most_runs])
        self._named = await self._reader.names.of_ids(self._reader.caller, sorted(wanted))
        return first_that_fits(self._answers(), max_tokens)

    def _answers(self) -> Iterator[AuditReproducibilityResult]:
        audited = self._audited
        counts: Counter[Severity] = Counter(finding.severity for finding in self._findings)
        for most_ids, most_runs in _SIZES:
            findings = tuple(self._finding(finding, runs, most_ids) for finding, runs in audited.findings)
            shown = {item_id: None for finding in findings for item_id in finding.ids}
            yield AuditReproducibilityResult(
                answer=self._says(counts),
                item=named_item(self._item.id, self._named, {}),
                verdict=verdict(self._findings),
                current=is_current(self._findings),
                counts={severity: counts[severity] for severity in _NOUNS},
                findings=findings,
                whom_to_ask=named(audited.ask, self._named.names),
                checks=None if self._is_study else self._checks(),
                runs=self._runs(most_runs) if self._is_study else None,
                runs_of=audited.runs_of if self._is_study and audited.runs_of > most_runs else None,
                names={item: name for item in shown if (name := self._named.names.get(item))},
                complete=audited.incomplete_because is None,
                incomplete_because=audited.incomplete_because,
                unreadable=unreadable_of(self._named),
                next=self._next(),
            )

    def _finding(self, finding: Finding, runs: tuple[str, ...], most: int) -> AuditFinding:
        meaning = MEANING[finding.code]
        ids = tuple(finding.evidence)[:most]
        seen = {item: finding.evidence[item] for item in ids if finding.evidence[item]}
        return AuditFinding(
            code=finding.code,
            severity=meaning.severity,
            says=meaning.says,
            ids=ids,
            of=len(finding.evidence) if len(finding.evidence) > most else None,
            evidence=seen or None,
            runs=len(runs) or None,
            action=meaning.action,
        )

    def _checks(self) -> tuple[AuditCheck, ...]:
        return tuple(
            AuditCheck(check=check.name, state=check.state, evidence=check.evidence)
            for run in self._audited.runs
            for check in run.checks
        )

    def _runs(self, most: int) -> tuple[AuditedRun, ...]:
        return tuple(
            AuditedRun(
                id=run.run_id,
                name=self._named.names.get(run.run_id),
                verdict=verdict(run.findings),
                current=is_current(run.findings),
                blockers=tuple(f.code for f in run.findings if f.severity == "blocker") or None,
            )
            for run in self._audited.runs[:most]
        )

    def _says(self, counts: Counter[Severity]) -> str:
        if not self._audited.runs:
            return "The study has no runs, so there is nothing to repeat."
        found = ", ".join(
            plural(counts[severity], noun) for severity, noun in _NOUNS.items() if counts[severity]
        )
        told = _SAYS[verdict(self._findings)]
        if self._is_study:
            repeatable = sum(1 for run in self._audited.runs if verdict(run.findings) != "not_repeatable")
            told = f"{repeatable} of {plural(len(self._audited.runs), 'run')} can be repeated"
        current = "still current" if is_current(self._findings) else "no longer current"
        return f"{told} ({found or 'nothing found'}); {current}."

    def _next(self) -> NextCalls:
        """What to look at next: the worst run of a study, or what follows from what is outdated."""
        if self._is_study:
            worst = next(
                (run for run in self._audited.runs if verdict(run.findings) == "not_repeatable"), None
            )
            if worst is None:
                return None
            return (
                NextCall(
                    tool="audit_reproducibility", arguments={"item_id": worst.run_id}, why="its checklist"
                ),
            )
        calls: list[NextCall] = []
        for finding in self._findings:
            first = next(iter(finding.evidence), "")
            if finding.code == "input_superseded":
                calls.append(
                    NextCall(tool="analyse_impact", arguments={"item_id": first}, why="what else used it")
                )
            elif finding.code == "output_remade":
                other = finding.runs[first][0]
                calls.append(
                    NextCall(
                        tool="compare_model_runs",
                        arguments={"run_ids": [self._item.id, other]},
                        why="two runs made the same output",
                    )
                )
            elif finding.code == "lineage_unchecked":
                calls.append(
                    NextCall(
                        tool="get_contributing_datasets",
                        arguments={"starting_id": self._item.id, "depth": 100},
                        why="the whole chain of data",
                    )
                )
        return tuple(calls[:3]) or None
