"""What the registry knows of a result and of what led to it: all that a crate or a citation can say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from provena_mcp.crates.recorded_runs import LeftOut
from provena_mcp.wire.items import (
    DatasetItem,
    ModelItem,
    ModelRunItem,
    RegistryItem,
    TemplatedDataset,
    WorkflowTemplateItem,
)

ItemT = TypeVar("ItemT", bound=RegistryItem)


@dataclass(frozen=True)
class RegisteredProvenance:
    """An item, the runs behind it, and every item that they name.

    Attributes:
        about: The run, study or dataset that was asked for.
        items: All that was read, by handle, ``about`` among them.
        not_read: Why each of the others could not be read, by handle.
        depth: Hops upstream that were followed.
        incomplete_because: Why the lineage may go on, if it may.
    """

    about: RegistryItem
    items: Mapping[str, RegistryItem]
    depth: int
    not_read: Mapping[str, str] = field(default_factory=dict[str, str])
    incomplete_because: str | None = None

    def item(self, handle: str | None, kind: type[ItemT]) -> ItemT | None:
        """The item of this handle if it was read and is of this kind."""
        found = self.items.get(handle or "")
        return found if isinstance(found, kind) else None

    def name_of(self, handle: str) -> str:
        """An item's name; its handle where it could not be read."""
        found = self.items.get(handle)
        return (found.display_name if found else None) or handle

    @cached_property
    def runs(self) -> tuple[ModelRunItem, ...]:
        """The runs, earliest first."""
        found = [item for item in self.items.values() if isinstance(item, ModelRunItem)]
        return tuple(sorted(found, key=lambda run: (run.record.start_time, run.record.end_time, run.id)))

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Handles of all datasets: those that runs name, in their order, and any that no run does."""
        uses = (use for run in self.runs for use in (*run.record.inputs, *run.record.outputs))
        others = (item.id for item in self.items.values() if isinstance(item, DatasetItem))
        return tuple(dict.fromkeys((*(use.dataset_id for use in uses), *others)))

    @cached_property
    def made(self) -> frozenset[str]:
        """Datasets that one of the runs made."""
        return frozenset(use.dataset_id for run in self.runs for use in run.record.outputs)

    @cached_property
    def used(self) -> frozenset[str]:
        """Datasets that one of the runs used."""
        return frozenset(use.dataset_id for run in self.runs for use in run.record.inputs)

    def makers(self, dataset: str) -> tuple[ModelRunItem, ...]:
        """The runs that made a dataset, earliest first."""
        return tuple(run for run in self.runs if any(use.dataset_id == dataset for use in run.record.outputs))

    def model_of(self, run: ModelRunItem) -> str | None:
        """The model that a run ran, which only its workflow template names."""
        template = self.item(run.record.workflow_template_id, WorkflowTemplateItem)
        return template.software_id if template else None

    @cached_property
    def models(self) -> tuple[tuple[ModelItem, tuple[str, ...]], ...]:
        """Each model, and its versions as the runs state them."""
        versions: dict[str, dict[str, None]] = {}
        for run in self.runs:
            stated = versions.setdefault(self.model_of(run) or "", {})
            if run.record.model_version:
                stated[run.record.model_version] = None
        found = ((self.item(handle, ModelItem), tuple(stated)) for handle, stated in versions.items())
        return tuple((model, stated) for model, stated in found if model is not None)

    def left_out(self) -> tuple[LeftOut, ...]:
        """What is known to be missing: items that could not be read, and a lineage that goes on."""
        missing = [LeftOut(what=handle, why=why) for handle, why in sorted(self.not_read.items())]
        if self.incomplete_because:
            missing.append(LeftOut(what="what lies further upstream", why=self.incomplete_because))
        return tuple(missing)


def roles(uses: Iterable[TemplatedDataset]) -> dict[str, list[TemplatedDataset]]:
    """The uses of each dataset among ``uses``: one may stand for several templates."""
    found: dict[str, list[TemplatedDataset]] = {}
    for use in uses:
        found.setdefault(use.dataset_id, []).append(use)
    return found
