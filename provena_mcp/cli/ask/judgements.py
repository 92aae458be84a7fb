"""Where runs differ, and whether a run or a study can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from provena_mcp.cli.ask.parts import Cell, headline, item, remark, table
from provena_mcp.lineage.audit.findings import Severity, Verdict
from provena_mcp.queries.answers.audit_answer import AuditedRun, AuditFinding, AuditReproducibilityResult
from provena_mcp.queries.answers.audit_contacts import WhomToAsk
from provena_mcp.queries.answers.comparison_result import (
    ComparedValue,
    CompareModelRunsResult,
    DifferenceRow,
    SameRow,
)
from provena_mcp.rules.text import plural

_STYLES: Final[dict[Severity | Verdict | str, str]] = {
    "blocker": "red",
    "warning": "yellow",
    "info": "dim",
    "ok": "green",
    "repeatable": "green",
    "with_caveats": "yellow",
    "not_repeatable": "red",
}


def comparison(result: CompareModelRunsResult) -> RenderableType:
    """One column for each run, one row for whatever they differ in; then what is the same."""
    labels = [run.label for run in result.runs]
    shown: list[RenderableType] = [headline(result.answer)]
    shown += [Text(f"{run.label}  ").append_text(item(run.id, run.name)) for run in result.runs]
    if result.differences:
        rows = [[_aspect(row), *(_values_of(row, label) for label in labels)] for row in result.differences]
        shown += ["", table("differs", *labels, rows=rows)]
    if result.same:
        same = [(_same_aspect(row), ", ".join(map(_value, row.values))) for row in result.same]
        shown += ["", table("the same", "", rows=same)]
    shown += [remark(note) for note in result.notes or ()]
    if result.incomplete_because:
        shown.append(remark(f"{result.incomplete_because}."))
    return Group(*shown)


def audit(result: AuditReproducibilityResult) -> RenderableType:
    """The verdict, what was found with what to do, and the checklist or the runs of the study."""
    shown: list[RenderableType] = [
        headline(result.answer),
        item(result.item.id, result.item.name, result.item.type),
    ]
    if result.findings:
        shown += ["", *(_finding(finding, result.names) for finding in result.findings)]
    if result.whom_to_ask:
        people = [_whom(row) for row in result.whom_to_ask]
        shown += ["", table("ask", "", "about", rows=people)]
    if result.checks:
        checks = [
            (_state(check.state), check.check.replace("_", " "), check.evidence) for check in result.checks
        ]
        shown += ["", table("", "check", "evidence", rows=checks)]
    if result.runs:
        shown += ["", table("", "run", "blockers", "id", rows=[_run(run) for run in result.runs])]
    shown += _remarks(result)
    return Group(*shown)


def _whom(row: WhomToAsk) -> tuple[str, str, str]:
    who = row.contact or f"{row.name or '-'} ({row.id})"
    return row.role, who, ", ".join(row.about)


def _aspect(row: DifferenceRow) -> str:
    about = row.role.name or row.role.id if row.role else row.key
    words = row.field.replace("_", " ")
    shared = f" ({row.shared} shared)" if row.shared else ""
    return f"{words}: {about}{shared}" if about else f"{words}{shared}"


def _same_aspect(row: SameRow) -> str:
    about = row.role or row.key
    words = row.field.replace("_", " ")
    return f"{words}: {about}" if about else words


def _values_of(row: DifferenceRow, label: str) -> Cell:
    held = [_value(value) for value in row.values if label in (value.runs or "")]
    return "\n".join(held) if held else Text("-", style="dim")


def _value(value: ComparedValue) -> str:
    version = f" v{value.version}" if value.version is not None else ""
    if value.id is None:
        return value.text or "-"
    return f"{value.name}{version} ({value.id})" if value.name else f"{value.id}{version}"


def _state(state: str) -> Text:
    return Text(state.replace("_", " "), style=_STYLES.get(state, ""))


def _finding(finding: AuditFinding, names: dict[str, str]) -> Tree:
    """What was found and what to do, and under it where it was seen."""
    runs = f" ({plural(finding.runs, 'run')})" if finding.runs else ""
    head = Text().append_text(_state(finding.severity)).append(f"  {finding.says}{runs} ")
    tree = Tree(head.append(finding.action, style="dim"), guide_style="dim")
    for place in finding.ids:
        seen = item(place, names.get(place))
        evidence = (finding.evidence or {}).get(place)
        tree.add(seen.append(f"  {evidence}") if evidence else seen)
    if finding.of:
        tree.add(remark(f"… {finding.of} in all"))
    return tree


def _run(run: AuditedRun) -> tuple[Cell, ...]:
    blockers = ", ".join(code.replace("_", " ") for code in run.blockers or ())
    return _state(run.verdict), run.name or "-", blockers, run.id


def _remarks(result: AuditReproducibilityResult) -> Iterator[Text]:
    if result.runs_of:
        yield remark(f"Of its {result.runs_of} runs, {len(result.runs or ())} are shown.")
    if result.incomplete_because:
        yield remark(f"{result.incomplete_because}.")
