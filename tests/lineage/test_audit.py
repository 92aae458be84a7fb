"""What an audit makes of its findings: their order, its verdict, several runs at once."""

from provena_mcp.lineage.audit.audit import audit_run, merge_findings
from provena_mcp.lineage.audit.findings import is_current, verdict
from tests.worlds.audit_faults import spoil_maker, spoil_use, spoil_version
from tests.worlds.audited import World


def test_a_run_with_nothing_wrong_is_repeatable_and_current() -> None:
    audit = audit_run(World().evidence())

    assert [finding.code for finding in audit.findings] == ["lineage_gap"]
    assert (verdict(audit.findings), is_current(audit.findings)) == ("repeatable", True)
    assert {check.state for check in audit.checks} == {"ok", "info"}


def test_the_worst_comes_first() -> None:
    world = World()
    for spoil in (spoil_use, spoil_maker, spoil_version):
        spoil(world)

    audit = audit_run(world.evidence())

    assert [finding.severity for finding in audit.findings] == ["blocker", "warning", "info", "info"]
    assert verdict(audit.findings) == "not_repeatable"


def test_findings_of_several_runs_are_merged_by_code() -> None:
    first, second = World(), World()
    spoil_version(first)
    spoil_use(second)

    merged = merge_findings([audit_run(first.evidence()), audit_run(second.evidence())])

    assert [(finding.code, runs) for finding, runs in merged] == [
        ("model_version_missing", ("run",)),
        ("use_restricted", ("run",)),
        ("lineage_gap", ("run", "run")),
    ]
