"""A snapshot of the registry with which the parts of recorded runs are identified, read once per answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

from provena_mcp.queries.cache import together
from provena_mcp.queries.items.item_reader import LOGIN_ONLY
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.registry_check import newest_runs
from provena_mcp.queries.recording.known_files import KnownFile, files_by_hash, searched_runs
from provena_mcp.rules.records.references import Outcome
from provena_mcp.wire.items import (
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    ModelRunItem,
    OrganisationItem,
    PersonItem,
    RegistryItem,
    StudyItem,
    WorkflowTemplateItem,
)
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

_PAGE: Final = 100
_MOST_PAGES: Final = 10
_LISTED: Final[tuple[ItemSubtype, ...]] = (
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
    "MODEL",
    "PERSON",
    "ORGANISATION",
    "STUDY",
    "DATASET",
)

ItemT = TypeVar("ItemT", bound=RegistryItem)


@dataclass(frozen=True)
class RegistryView:
    """Items by id, newest first.

    Attributes:
        outcomes: Of the handles that a document carries: the item, or why it is refused.
        cut: Subtypes of which there are more than were read.
    """

    runs: tuple[ModelRunItem, ...]
    workflows: Mapping[str, WorkflowTemplateItem]
    dataset_templates: Mapping[str, DatasetTemplateItem]
    models: Mapping[str, ModelItem]
    people: Mapping[str, PersonItem]
    organisations: Mapping[str, OrganisationItem]
    studies: Mapping[str, StudyItem]
    datasets: Mapping[str, DatasetItem]
    outcomes: Mapping[str, Outcome]
    cut: frozenset[ItemSubtype]

    @cached_property
    def files(self) -> Mapping[str, tuple[KnownFile, ...]]:
        """Files of registered runs by SHA-256."""
        return files_by_hash(self.runs)

    @cached_property
    def hashed_datasets(self) -> frozenset[str]:
        """Datasets of whose files a hash is known."""
        return frozenset(
            each.dataset_id for files in self.files.values() for each in files if each.dataset_id
        )

    @cached_property
    def datasets_by_name(self) -> Mapping[str, tuple[str, ...]]:
        """Ids of datasets by their names in lower case, those first that no newer version has replaced."""
        found: dict[str, list[str]] = {}
        for item in sorted(self.datasets.values(), key=_is_replaced):
            found.setdefault((item.display_name or "").casefold(), []).append(item.id)
        return {name: tuple(ids) for name, ids in found.items()}

    @cached_property
    def templates_of(self) -> Mapping[str, tuple[str, ...]]:
        """The dataset templates under which each dataset was used, last first."""
        found: dict[str, list[str]] = {}
        for run in self.runs:
            for each in (*run.record.inputs, *run.record.outputs):
                found.setdefault(each.dataset_id, []).append(each.dataset_template_id)
        return {dataset: tuple(dict.fromkeys(templates)) for dataset, templates in found.items()}

    @cached_property
    def _annotated(self) -> Mapping[tuple[str, str], list[ModelRunItem]]:
        found: dict[tuple[str, str], list[ModelRunItem]] = {}
        for run in self.runs:
            for pair in (run.record.annotations or {}).items():
                found.setdefault(pair, []).append(run)
        return found

    def runs_with(self, key: str, value: str) -> tuple[ModelRunItem, ...]:
        """The runs that have this annotation."""
        return tuple(self._annotated.get((key, value), ()))


def _is_replaced(item: RegistryItem) -> bool:
    return bool(item.versioning_info and item.versioning_info.next_version)


async def read_registry_view(
    reader: Reader, handles: Iterable[str], annotations: Iterable[str] = ()
) -> RegistryView:
    """Read the registry's newest runs, templates, models, people, organisations, studies and datasets.

    Args:
        reader: Of the caller.
        handles: Of items to be read whatever their age.
        annotations: Keys and values by which runs older than the newest are searched; the first few.

    Raises:
        NotLoggedInError: Nobody is logged in.
        UpstreamError: The registry did not answer.
    """
    items = reader.items(LOGIN_ONLY)
    newest, _, lists = await together(
        newest_runs(reader.client.registry, 0),
        items.read(sorted(set(handles))),
        _all_listed(reader),
    )
    runs = list(newest.runs)
    if not newest.complete:
        runs += await searched_runs(reader, annotations, {run.id for run in runs})
    listed = [item for each in lists for item in each.items]
    cut: set[ItemSubtype] = {kind for kind, each in zip(_LISTED, lists, strict=True) if each.is_cut}
    if not newest.complete:
        cut.add("MODEL_RUN")
    return RegistryView(
        runs=tuple(runs),
        workflows=_of(listed, WorkflowTemplateItem),
        dataset_templates=_of(listed, DatasetTemplateItem),
        models=_of(listed, ModelItem),
        people=_of(listed, PersonItem),
        organisations=_of(listed, OrganisationItem),
        studies=_of(listed, StudyItem),
        datasets=_of(listed, DatasetItem),
        outcomes=items.known,
        cut=frozenset(cut),
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    items: tuple[RegistryItem, ...]
    is_cut: bool


async def _all_listed(reader: Reader) -> tuple[_Listed, ...]:
    return await together(*(_listed(reader, subtype) for subtype in _LISTED))


async def _listed(reader: Reader, subtype: ItemSubtype) -> _Listed:
    """The newest items of a subtype, as many as are read and can be."""
    found: list[RegistryItem] = []
    pages, lacks = 0, False
    request = ListRequest(filter_by=ListFilter(item_subtype=subtype), page_size=_PAGE)
    async for page in reader.client.registry.pages(request):
        found += page.items
        pages += 1
        lacks = lacks or bool(page.unparsable)
        if pages == _MOST_PAGES and page.pagination_key is not None:
            return _Listed(tuple(found), is_cut=True)
    return _Listed(tuple(found), is_cut=lacks)


def _of(items: Iterable[RegistryItem], model: type[ItemT]) -> dict[str, ItemT]:
    return {item.id: item for item in items if isinstance(item, model)}
