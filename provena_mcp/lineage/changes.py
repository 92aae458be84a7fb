"""What has happened since a moment to that on which results were built, and what was made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from provena_mcp.rules.items.events import Gone, ItemEvent, events_of
from provena_mcp.wire.items import ModelRunItem, RegistryItem

# gone: the deployment does not show it any more, which only a mirror notices.
ChangeKind = Literal[ItemEvent, "new_version", "new_run", "gone"]

BUILT_ON: Final = frozenset(
    {"DATASET", "MODEL_RUN", "MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE", "DATASET_TEMPLATE"}
)
"""The kinds of items on which something can be built; people and studies are none."""


@dataclass(frozen=True, slots=True)
class LineageChange:
    """Something that happened.

    Attributes:
        when: Unix seconds.
        item_id: The item that it happened to, or that is new.
        of: What it is a new version of, or which of the datasets a new run used.
        concerns: The result that was built on it.
    """

    kind: ChangeKind
    when: int
    item_id: str
    subtype: str
    name: str | None
    concerns: str
    of: str | None = None
    reason: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class ChangeEvidence:
    """What there is to tell changes from.

    Attributes:
        since: Unix seconds.
        results: The items that the question is about.
        foundations: What these were built on, themselves included, and for each one of the results.
        changed: Every item that was updated since.
        older: Items that ``changed`` leads to as earlier versions.
        gone: What was noticed to be gone since.
    """

    since: float
    results: Collection[str]
    foundations: Mapping[str, str]
    changed: Mapping[str, RegistryItem]
    older: Mapping[str, RegistryItem] = field(default_factory=dict[str, RegistryItem])
    datasets: Mapping[str, str] = field(default_factory=dict[str, str])
    gone: Collection[Gone] = ()


def changes_in(evidence: ChangeEvidence) -> list[LineageChange]:
    """All changes, newest first."""
    found = [*_events(evidence), *_new_versions(evidence), *_new_runs(evidence), *_gone(evidence)]
    return sorted(found, key=lambda change: (-change.when, change.item_id, change.kind))


def earlier_version(item: RegistryItem) -> str | None:
    """The version before an item."""
    return item.versioning_info.previous_version if item.versioning_info else None


def unread_versions(evidence: ChangeEvidence) -> set[str]:
    """Earlier versions of new items that have to be read to know whether something was built on them."""
    ends = {_chain(evidence, item)[-1] for item in _new(evidence) if earlier_version(item)}
    known = evidence.foundations.keys() | evidence.changed.keys() | evidence.older.keys()
    return ends - known


def _new(evidence: ChangeEvidence) -> Iterator[RegistryItem]:
    return (item for item in evidence.changed.values() if item.created_timestamp >= evidence.since)


def _chain(evidence: ChangeEvidence, item: RegistryItem) -> list[str]:
    """The versions before an item, as far as they are known, up to one that something was built on."""
    chain: list[str] = []
    known: RegistryItem | None = item
    while known is not None and (before := earlier_version(known)) and before not in chain:
        chain.append(before)
        if before in evidence.foundations:
            break
        known = evidence.changed.get(before) or evidence.older.get(before)
    return chain


def _events(evidence: ChangeEvidence) -> Iterator[LineageChange]:
    for item_id, item in evidence.changed.items():
        if item_id not in evidence.foundations:
            continue
        for event in events_of(item, evidence.since):
            yield _change(evidence, item, event.kind, event.when, event.reason, event.by)


def _change(
    evidence: ChangeEvidence,
    item: RegistryItem,
    kind: ChangeKind,
    when: int,
    reason: str | None,
    by: str | None,
) -> LineageChange:
    concerns = evidence.foundations[item.id]
    return LineageChange(
        kind, when, item.id, item.item_subtype, item.display_name, concerns, reason=reason, by=by
    )


def _new_versions(evidence: ChangeEvidence) -> Iterator[LineageChange]:
    for item in _new(evidence):
        chain = _chain(evidence, item)
        # Whoever uses the new version already need not be told.
        if not chain or chain[-1] not in evidence.foundations or item.id in evidence.foundations:
            continue
        yield LineageChange(
            "new_version",
            item.created_timestamp,
            item.id,
            item.item_subtype,
            item.display_name,
            evidence.foundations[chain[-1]],
            of=chain[-1],
            reason=(item.versioning_info.reason if item.versioning_info else None) or None,
            by=item.owner_username,
        )


def _new_runs(evidence: ChangeEvidence) -> Iterator[LineageChange]:
    for item in _new(evidence):
        if not isinstance(item, ModelRunItem) or item.id in evidence.results:
            continue
        used = [each.dataset_id for each in item.record.inputs if each.dataset_id in evidence.datasets]
        if used:
            yield LineageChange(
                "new_run",
                item.created_timestamp,
                item.id,
                item.item_subtype,
                item.display_name,
                evidence.datasets[used[0]],
                of=used[0],
                by=item.owner_username,
            )


def _gone(evidence: ChangeEvidence) -> Iterator[LineageChange]:
    for each in evidence.gone:
        if each.id in evidence.foundations:
            concerns = evidence.foundations[each.id]
            yield LineageChange("gone", int(each.noticed), each.id, each.subtype, each.name, concerns)
