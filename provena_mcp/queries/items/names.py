"""Names of registry items as one caller may read them, remembered for some minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from provena_mcp.errors import ForbiddenError, MalformedItemError, NotFoundError, ProvenaError
from provena_mcp.lineage.flaws import reasons
from provena_mcp.queries.cache import BoundedCache, Clock
from provena_mcp.queries.items.item_reader import NOTHING, ItemReader, unreadable_because
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem
from provena_mcp.wire.lineage import Contradiction

if TYPE_CHECKING:
    from provena_mcp.client import RegistryApi

_VERSION_LENGTH: Final = 24
_DAY_LENGTH: Final = 10
_MAX_FETCHES: Final = 400
_ENTRIES: Final = 50_000
_SECONDS: Final = 600.0
# That an item is gone, private or malformed lasts, though it may be mended at any time.
_LASTING: Final = (NotFoundError, ForbiddenError, MalformedItemError)
_LASTING_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Named:
    """What a list shows of an item: its display name, its subtype, and what distinguishes it from namesakes.

    Attributes:
        release: Of a dataset, its release status.
        version: ``v2`` where there are several; of a run the version it states of its model.
        custodian: Of a dataset, the id of the person who looks after it.
        made: Of a dataset the day on which it was made, as its owner wrote it.
        started: Of a run when it started, in Unix seconds.
    """

    name: str
    subtype: str
    release: str | None = None
    version: str | None = None
    custodian: str | None = None
    made: str | None = None
    started: int | None = None

    @property
    def day(self) -> str | None:
        """When the dataset was made or the run started: ``YYYY-MM-DD``."""
        started = utc(self.started)
        return started[:_DAY_LENGTH] if started else self.made


@dataclass(frozen=True)
class NamesFound:
    """Names by id, and the reason for each that could not be read."""

    named: Mapping[str, Named] = field(default_factory=dict[str, Named])
    unreadable: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def names(self) -> dict[str, str]:
        """Display names by id."""
        return {item_id: named.name for item_id, named in self.named.items()}

    @property
    def versions(self) -> dict[str, str]:
        """By id, which of several versions an item is: ``v2``. Of a run that would be its model's version."""
        found = ((item_id, named) for item_id, named in self.named.items() if named.subtype != "MODEL_RUN")
        return {item_id: named.version for item_id, named in found if named.version}

    def doubt_of(self, kinds: Mapping[str, str]) -> str | None:
        """What a graph that gives items these ``kinds``, in the registry's words, says otherwise of them."""
        return kinds_at_odds(kinds, {item_id: named.subtype for item_id, named in self.named.items()})


def kinds_at_odds(kinds: Mapping[str, str], registered: Mapping[str, str]) -> str | None:
    """Which items the registry holds as another kind than a graph says; it tells what an item is."""
    odd = [item_id for item_id, subtype in registered.items() if (kinds.get(item_id) or subtype) != subtype]
    if not odd:
        return None
    return " ".join(
        reasons(Contradiction("registry", f"{item_id} ({registered[item_id]})") for item_id in odd)
    )


class Names:
    """Looks up display names over the shared client. Never raises; reports unreadable names instead."""

    def __init__(self, registry: RegistryApi, *, clock: Clock) -> None:
        """Read names from ``registry``; ``clock`` gives monotonic seconds."""
        self._registry = registry
        self._cache: BoundedCache[tuple[str, str], Named] = BoundedCache(
            entries=_ENTRIES, seconds=_SECONDS, clock=clock
        )
        self._refused: BoundedCache[tuple[str, str], str] = BoundedCache(
            entries=_ENTRIES, seconds=_LASTING_SECONDS, clock=clock
        )

    async def of(self, caller: str, wanted: Mapping[str, str]) -> NamesFound:
        """Names of ``wanted`` (id -> subtype, empty if not known) as ``caller`` may read them."""
        named: dict[str, Named] = {}
        unreadable: dict[str, str] = {}
        missing: dict[str, str] = {}
        for item_id, subtype in wanted.items():
            key = (caller, item_id)
            if known := self._cache.get(key):
                named[item_id] = known
            elif reason := self._refused.get(key):
                unreadable[item_id] = reason
            else:
                missing[item_id] = subtype
        if missing:
            items = ItemReader(self._registry, partial(self.remember, caller), NOTHING)
            beyond = await items.read_many(missing, most_fetches=_MAX_FETCHES)
            unreadable |= dict.fromkeys(beyond, "not looked up: too many at once")
            for item_id in missing.keys() & items.outcomes.keys():
                outcome = items.outcomes[item_id]
                if isinstance(outcome, RegistryItem):
                    named[item_id] = _named(outcome)
                else:
                    unreadable[item_id] = self._unreadable(caller, item_id, outcome)
        return NamesFound(named, unreadable)

    async def of_ids(self, caller: str, ids: Iterable[str]) -> NamesFound:
        """Names of items whose subtype is not known."""
        return await self.of(caller, dict.fromkeys(ids, ""))

    def known(self, caller: str, ids: Iterable[str]) -> dict[str, Named]:
        """Names from the cache for those of ``ids`` that ``caller`` has read recently; sends no request."""
        found = {item_id: self._cache.get((caller, item_id)) for item_id in ids}
        return {item_id: named for item_id, named in found.items() if named is not None}

    def remember(self, caller: str, item: RegistryItem) -> Named:
        """Cache the name of an item that was fetched for some other purpose."""
        named = _named(item)
        self._cache.put((caller, item.id), named)
        self._refused.discard((caller, item.id))
        return named

    def _unreadable(self, caller: str, item_id: str, error: ProvenaError) -> str:
        reason = unreadable_because(error)
        if isinstance(error, _LASTING):
            self._refused.put((caller, item_id), reason)
        return reason

    def forget(self, caller: str, item_id: str) -> None:
        """Drop the cached name, because the item has been changed."""
        self._cache.discard((caller, item_id))
        self._refused.discard((caller, item_id))


def _named(item: RegistryItem) -> Named:
    name = clean(item.display_name or "", NAME_LENGTH)
    if isinstance(item, ModelRunItem):
        version = clean(item.record.model_version or "", _VERSION_LENGTH) or None
        return Named(name, item.item_subtype, version=version, started=item.record.start_time)
    if not isinstance(item, DatasetItem):
        return Named(name, item.item_subtype, version=_version_of(item))
    described = item.collection_format
    made = described.dataset_info.created_date
    return Named(
        name,
        item.item_subtype,
        release=item.release_status or "NOT_RELEASED",
        version=_version_of(item),
        custodian=described.associations.data_custodian_id,
        made=clean(made.value, _DAY_LENGTH) if made and made.value else None,
    )


def _version_of(item: RegistryItem) -> str | None:
    versions = item.versioning_info
    has_others = versions is not None and (versions.version > 1 or versions.next_version is not None)
    return f"v{versions.version}" if versions is not None and has_others else None
