"""What an audit of a run looks at, gathered beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import compress
from typing import Final

from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.links_by_kind import links_to
from provena_mcp.rules.records.references import Found, Known, Refused, resolve
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem
from provena_mcp.wire.subtypes import ItemSubtype

_REASON: Final = 120


@dataclass(frozen=True)
class RunEvidence:
    """A run with everything its audit needs.

    Attributes:
        run: The run as registered.
        known: What looking up its references, what replaced them, the makers of its inputs and the
            datasets upstream has found; ids missing from it were not looked up.
        upstream: Its lineage upstream.
        remade: Its outputs that other runs made too -> those runs.
        now: Unix seconds.
        incomplete_because: Why ``upstream`` may not be all.
    """

    run: ModelRunItem
    known: Known
    upstream: ProvenanceGraph
    remade: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    now: float = 0.0
    incomplete_because: str | None = None

    def item(self, item_id: str, subtype: ItemSubtype) -> RegistryItem | Refused:
        """A complete item, or why there is none; what was not looked up counts as unreadable."""
        if item_id and item_id not in self.known:
            return Refused("unreadable", "not looked up")
        return resolve(item_id, subtype, self.known)

    def datasets(self, ids: Iterable[str]) -> Iterator[DatasetItem]:
        """Those of ``ids`` that are readable datasets; most of a large lineage was never looked up."""
        for dataset_id in ids:
            found = self.item(dataset_id, "DATASET") if dataset_id in self.known else None
            if isinstance(found, DatasetItem):
                yield found

    @kept_property
    def inputs(self) -> tuple[str, ...]:
        """Ids of the datasets it used, each once."""
        return tuple(dict.fromkeys(dataset.dataset_id for dataset in self.run.record.inputs))

    @kept_property
    def outputs(self) -> tuple[str, ...]:
        """Ids of the datasets it made, each once."""
        return tuple(dict.fromkeys(dataset.dataset_id for dataset in self.run.record.outputs))

    @kept_property
    def makers(self) -> Mapping[str, tuple[str, ...]]:
        """A dataset upstream -> the runs that generated it."""
        return self._made_by("MODEL_RUN")

    @kept_property
    def new_versions(self) -> Mapping[str, tuple[str, ...]]:
        """A dataset upstream that was registered as a new version -> the activities that say so."""
        return self._made_by("VERSION")

    @kept_property
    def followed(self) -> frozenset[str]:
        """Ids of the items upstream that lead on."""
        columns = self.upstream.columns
        return frozenset(map(columns.ids.__getitem__, set(columns.sources)))

    def _made_by(self, subtype: str) -> dict[str, tuple[str, ...]]:
        makers: dict[str, list[str]] = {}
        for source, relation, target in links_to(self.upstream, lambda kind: kind.subtype == subtype):
            if relation == "wasGeneratedBy":
                makers.setdefault(source, []).append(target)
        return {made: tuple(sorted(activities)) for made, activities in makers.items()}

    @kept_property
    def datasets_upstream(self) -> tuple[str, ...]:
        """Ids of all datasets in its lineage, its inputs among them; sorted."""
        ids, kinds = self.upstream.columns.ids, self.upstream.columns.kinds
        is_dataset = {kind: kind.subtype == "DATASET" for kind in set(kinds)}
        return tuple(sorted(compress(ids, map(is_dataset.__getitem__, kinds))))

    @kept_property
    def further_upstream(self) -> tuple[DatasetItem, ...]:
        """The readable datasets of its lineage that it neither used nor made."""
        near = {*self.inputs, *self.outputs}
        return tuple(self.datasets(dataset for dataset in self.datasets_upstream if dataset not in near))

    def replaced(self, item: RegistryItem) -> str | None:
        """What replaced an item, when and why, in words; none if nothing did."""
        version = item.versioning_info
        if version is None or not version.next_version:
            return None
        latest = self._latest(version.next_version)
        successor = self.known.get(version.next_version)
        if not isinstance(successor, Found):
            return f"replaced by {version.next_version}"
        when = successor.item.created_timestamp
        timing = "before the run started" if when <= self.run.record.start_time else "after the run started"
        newest = f"; latest {latest}" if latest != version.next_version else ""
        place = successor.item.versioning_info
        reason = f": {clean(place.reason, _REASON)}" if place is not None and place.reason else ""
        return f"replaced by {version.next_version} on {day(when)}, {timing}{newest}{reason}"

    def _latest(self, item_id: str) -> str:
        passed = [item_id]
        while True:
            found = self.known.get(passed[-1])
            version = found.item.versioning_info if isinstance(found, Found) else None
            following = version.next_version if version else None
            if not following or following in passed:
                return passed[-1]
            passed.append(following)


def day(seconds: float) -> str:
    """The day of a time in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return "an unknown day"
