"""Checks on the datasets a run used and made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from provena_mcp.lineage.audit.evidence import RunEvidence, day
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.lineage.audit.record_checks import refusal, unless_empty
from provena_mcp.lineage.audit.times import DAY, states_days
from provena_mcp.rules.budgets import TEXT_LENGTH
from provena_mcp.rules.large_values import remembered
from provena_mcp.rules.records.references import Found, Refused
from provena_mcp.rules.text import clean
from provena_mcp.wire.dataset_metadata import Approvals
from provena_mcp.wire.items import DatasetItem, ModelRunItem, ModelRunRecord

# Licences that let anyone use, change and pass on the data.
_OPEN: Final = (
    "creativecommons.org/licenses/by/",
    "creativecommons.org/licenses/by-sa/",
    "creativecommons.org/publicdomain/",
    "opendatacommons.org/licenses/",
    "opensource.org/licenses/",
)


def check_inputs(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether every input is in the registry and readable."""
    missing: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for dataset_id in evidence.inputs:
        found = evidence.item(dataset_id, "DATASET")
        if isinstance(found, Refused):
            (unreadable if found.kind == "unreadable" else missing)[dataset_id] = refusal(found)
    readable = len(evidence.inputs) - len(missing) - len(unreadable)
    findings = unless_empty(("input_missing", missing), ("input_unreadable", unreadable))
    return f"inputs: {len(evidence.inputs)}, readable: {readable}", findings


def check_hosting(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether the inputs' files are inside Provena and fixed, or outside and how to get them."""
    external: dict[str, str] = {}
    lost: dict[str, str] = {}
    changeable: dict[str, str] = {}
    fixed = 0
    for dataset in evidence.datasets(evidence.inputs):
        access = dataset.collection_format.dataset_info.access_info
        address = clean((access.uri if access else None) or dataset.access_info_uri or "", TEXT_LENGTH)
        if access is not None and access.reposited is False:
            (external if address else lost)[dataset.id] = address
        elif dataset.release_status == "RELEASED":
            fixed += 1
        else:
            changeable[dataset.id] = clean(dataset.release_status or "no release status", 40)
    findings = unless_empty(
        ("input_external", external), ("input_address_missing", lost), ("input_changeable", changeable)
    )
    told = f"released: {fixed}, changeable: {len(changeable)}, hosted elsewhere: {len(external) + len(lost)}"
    return told, findings


def check_currency(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether inputs and outputs have been replaced, or overwritten."""
    remade = {dataset: "also by " + ", ".join(runs) for dataset, runs in evidence.remade.items()}
    findings = unless_empty(
        ("input_superseded", _replaced(evidence, evidence.datasets(evidence.inputs))),
        ("input_overwritten", _overwritten(evidence)),
        (
            "input_made_by_several",
            {
                dataset: ", ".join(evidence.makers[dataset])
                for dataset in evidence.inputs
                if len(evidence.makers.get(dataset, ())) > 1
            },
        ),
        ("output_missing", _unusable_outputs(evidence)),
        ("output_superseded", _replaced(evidence, evidence.datasets(evidence.outputs))),
        ("upstream_superseded", _replaced(evidence, evidence.further_upstream)),
    )
    if remade:
        findings.append(Finding("output_remade", remade, evidence.remade))
    return (
        f"{len(evidence.inputs)} inputs, {len(evidence.outputs)} outputs, their versions and makers",
        findings,
    )


def check_use(evidence: RunEvidence) -> tuple[str, list[Finding]]:
    """Whether licences, limits and approvals allow using the inputs, and what lies further upstream."""
    inputs = tuple(evidence.datasets(evidence.inputs))
    findings = unless_empty(
        ("approval_missing", _each(inputs, lacking_approvals)),
        ("use_restricted", _each(inputs, restrictions)),
        ("licence_missing", _each(inputs, _no_licence)),
        ("upstream_restricted", _each(evidence.further_upstream, restrictions)),
    )
    restricted = {item for finding in findings for item in finding.evidence}
    return f"datasets with conditions: {len(restricted)}", findings


def _replaced(evidence: RunEvidence, datasets: Iterable[DatasetItem]) -> dict[str, str]:
    replaced = {dataset.id: evidence.replaced(dataset) for dataset in datasets}
    return {dataset_id: how for dataset_id, how in replaced.items() if how}


def _overwritten(evidence: RunEvidence) -> dict[str, str]:
    """Inputs that were made again after this run could have used what was there.

    That this run made it, that its only maker began after this run had ended, or that of several makers one
    ended after this run began. A single maker at about the same time is the one that made it: runs overlap,
    and many records state no more than days.
    """
    found: dict[str, str] = {}
    run = evidence.run.record
    for dataset in evidence.inputs:
        makers = evidence.makers.get(dataset, ())
        if evidence.run.id in makers or dataset in evidence.outputs:
            found[dataset] = "by this run"
            continue
        for maker in makers:
            known = evidence.known.get(maker)
            if isinstance(known, Found) and isinstance(known.item, ModelRunItem):
                made = known.item.record
                is_again = _is_before(run, made, "start") if len(makers) > 1 else _is_before(run, made, "end")
                if is_again:
                    found[dataset] = f"by {maker}, which ended on {day(made.end_time)}"
    return found


def _is_before(run: ModelRunRecord, maker: ModelRunRecord, moment: Literal["start", "end"]) -> bool:
    """Whether a maker ended after the run's start, or began after its end, as far as their times tell."""
    earlier, later = (
        (run.start_time, maker.end_time) if moment == "start" else (run.end_time, maker.start_time)
    )
    # The days of records that state days may be in any time zone.
    certain = DAY if states_days(run) or states_days(maker) else 1
    return later - earlier >= certain


def _unusable_outputs(evidence: RunEvidence) -> dict[str, str]:
    found = {dataset: evidence.item(dataset, "DATASET") for dataset in evidence.outputs}
    return {dataset: refusal(item) for dataset, item in found.items() if isinstance(item, Refused)}


def _each(datasets: Iterable[DatasetItem], look: Callable[[DatasetItem], str]) -> dict[str, str]:
    """What ``look`` sees in each dataset, where it sees anything."""
    seen = {dataset.id: look(dataset) for dataset in datasets}
    return {dataset_id: what for dataset_id, what in seen.items() if what}


def restrictions(dataset: DatasetItem) -> str:
    """The conditions on a dataset's use, in words; empty where there are none."""
    info, approvals = dataset.collection_format.dataset_info, dataset.collection_format.approvals
    parts: list[str] = []
    if licence := _closed(info.license or ""):
        parts.append(f"licence {licence}")
    if info.usage_limitations:
        parts.append(f"limits: {clean(info.usage_limitations, TEXT_LENGTH)}")
    obtained = [name for name, (relevant, obtained) in _approvals(approvals).items() if relevant and obtained]
    if obtained:
        parts.append(f"approval given for {', '.join(obtained)}")
    return "; ".join(parts)


@remembered(256, longest=TEXT_LENGTH)
def _closed(licence: str) -> str:
    """A licence as it may be shown, empty where it is open: the same few come again and again."""
    shown = clean(licence, TEXT_LENGTH)
    return "" if any(known in shown.lower() for known in _OPEN) else shown


def lacking_approvals(dataset: DatasetItem) -> str:
    """The approvals that a dataset needs and has not, in words."""
    approvals = _approvals(dataset.collection_format.approvals)
    return ", ".join(name for name, (relevant, obtained) in approvals.items() if relevant and not obtained)


def _no_licence(dataset: DatasetItem) -> str:
    return "" if dataset.collection_format.dataset_info.license else "none stated"


def _approvals(stated: Approvals | None) -> dict[str, tuple[bool, bool]]:
    if stated is None:
        return {}
    return {
        name.replace("_", " "): (approval.relevant, approval.obtained)
        for name, approval in (
            ("ethics_registration", stated.ethics_registration),
            ("ethics_access", stated.ethics_access),
            ("indigenous_knowledge", stated.indigenous_knowledge),
            ("export_controls", stated.export_controls),
        )
    }
