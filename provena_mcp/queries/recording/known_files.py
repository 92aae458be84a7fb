"""Files that registered runs keep the hashes of, and the state of the datasets that hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from pydantic import Field

from provena_mcp.errors import ProvenaError
from provena_mcp.lineage.audit.dataset_checks import lacking_approvals, restrictions
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.queries.items.item_reader import NOTHING
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.registry_check import newest_runs
from provena_mcp.queries.lineage.neighbourhood import explore_whole
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.annotations import HashedFile, annotation_key, hashed_files
from provena_mcp.rules.text import clean, plural
from provena_mcp.wire.items import DatasetItem, ModelRunItem

_SEARCHED_HITS: Final = 20
_SHOWN_USERS: Final = 5
_SEARCHES: Final = 50


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of a registered run: what its run keeps of it, and which run that is."""

    file: HashedFile
    run: ModelRunItem

    @property
    def dataset_id(self) -> str | None:
        """The dataset that holds it: as stated, or the only one on that side of the run."""
        if self.file.dataset_id:
            return self.file.dataset_id
        side = self.run.record.inputs if self.file.role == "input" else self.run.record.outputs
        return side[0].dataset_id if len(side) == 1 else None


@dataclass(frozen=True)
class KnownFiles:
    """What registered runs keep of files.

    Attributes:
        by_hash: By SHA-256.
        by_name: By file name, which is a hint and no proof.
        runs: How many runs were looked through, the newest.
        complete: Whether those are all.
    """

    by_hash: Mapping[str, tuple[KnownFile, ...]] = field(default_factory=dict[str, tuple[KnownFile, ...]])
    by_name: Mapping[str, tuple[KnownFile, ...]] = field(default_factory=dict[str, tuple[KnownFile, ...]])
    runs: int = 0
    complete: bool = False


class DatasetState(Brief):
    """What is worth knowing of a dataset before its files are used."""

    id: str
    name: str | None = None
    version: int | None = None
    superseded_by: str | None = Field(default=None, description="Its next version.")
    release_status: str | None = None
    restricted: str | None = Field(default=None, description="Conditions and missing approvals.")
    used_by: tuple[Ref, ...] = Field(default=(), description="Runs that used it; the first few.")
    used_by_count: int = 0
    unreadable: str | None = Field(default=None, description="Why nothing is known of it.")


async def read_known_files(reader: Reader, hashes: Collection[str]) -> KnownFiles:
    """The files of the newest runs, and of older ones those that the search finds by ``hashes``.

    Raises:
        ProvenaError: The registry cannot be asked.
    """
    newest = await newest_runs(reader.client.registry, 0)
    runs = list(newest.runs)
    missing = set(hashes) - {known.file.sha256 for known in _files(runs)}
    if missing and not newest.complete:
        runs += await searched_runs(reader, map(annotation_key, missing), {run.id for run in runs})
    files = _files(runs)
    return KnownFiles(
        by_hash=_grouped((known.file.sha256, known) for known in files),
        by_name=_grouped((known.file.name, known) for known in files),
        runs=len(runs),
        complete=newest.complete,
    )


async def dataset_states(reader: Reader, ids: Iterable[str]) -> dict[str, DatasetState]:
    """The state of each dataset, and who uses it."""
    wanted = tuple(dict.fromkeys(ids))
    outcomes = await reader.items(NOTHING).read(wanted)
    users = dict(zip(wanted, await together(*(_users(reader, each) for each in wanted)), strict=True))
    named = await reader.names.of(
        reader.caller,
        dict.fromkeys((run for runs in users.values() for run in runs[:_SHOWN_USERS]), "MODEL_RUN"),
    )
    states: dict[str, DatasetState] = {}
    for dataset_id, outcome in outcomes.items():
        if isinstance(outcome, DatasetItem):
            runs = users[dataset_id]
            shown = tuple(Ref(id=run, name=named.names.get(run)) for run in runs[:_SHOWN_USERS])
            states[dataset_id] = _state(outcome).model_copy(
                update={"used_by": shown, "used_by_count": len(runs)}
            )
        else:
            why = outcome.message if isinstance(outcome, ProvenaError) else "It is not a dataset."
            states[dataset_id] = DatasetState(id=dataset_id, unreadable=why)
    return states


def _state(dataset: DatasetItem) -> DatasetState:
    info = dataset.versioning_info
    lacking = lacking_approvals(dataset)
    conditions = "; ".join(
        part for part in (restrictions(dataset), f"no approval yet for {lacking}" if lacking else "") if part
    )
    return DatasetState(
        id=dataset.id,
        name=clean(dataset.display_name or "", NAME_LENGTH) or None,
        version=info.version if info else None,
        superseded_by=info.next_version if info else None,
        release_status=dataset.release_status or "NOT_RELEASED",
        restricted=conditions or None,
    )


async def _users(reader: Reader, dataset_id: str) -> tuple[str, ...]:
    """The runs that used a dataset; none where the graph does not say."""
    try:
        graph = await explore_whole(reader.client.prov, "downstream", dataset_id, 1)
    except ProvenaError:
        return ()
    return tuple(link.source for link in graph.links if link.target == dataset_id and link.relation == "used")


async def searched_runs(reader: Reader, texts: Iterable[str], known: Collection[str]) -> list[ModelRunItem]:
    """The runs that the search finds by the first fifty of ``texts``, but for those ``known`` by id.

    Raises:
        ProvenaError: The search cannot be asked.
    """
    hits = await together(
        *(reader.client.search.search(each, "MODEL_RUN", _SEARCHED_HITS) for each in islice(texts, _SEARCHES))
    )
    ids = {hit.id for found in hits for hit in found} - set(known)
    outcomes = await reader.items(NOTHING).read(sorted(ids))
    return [item for item in outcomes.values() if isinstance(item, ModelRunItem)]


def looked_through(captures: int, known: KnownFiles) -> str:
    """Where was looked, in words."""
    return f"{plural(captures, 'capture')}, {plural(known.runs, 'registered run')}"


def files_by_hash(runs: Iterable[ModelRunItem]) -> dict[str, tuple[KnownFile, ...]]:
    """Files of registered runs by SHA-256."""
    return _grouped((known.file.sha256, known) for known in _files(runs))


def _files(runs: Iterable[ModelRunItem]) -> list[KnownFile]:
    return [KnownFile(file, run) for run in runs for file in hashed_files(run.record.annotations)]


def _grouped(pairs: Iterable[tuple[str, KnownFile]]) -> dict[str, tuple[KnownFile, ...]]:
    grouped: dict[str, list[KnownFile]] = {}
    for key, known in pairs:
        grouped.setdefault(key, []).append(known)
    return {key: tuple(files) for key, files in grouped.items()}
