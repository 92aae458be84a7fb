"""The one way to read registry items by id: each once, in bulk where that pays, failures kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from provena_mcp.errors import (
    AccessError,
    ArgumentError,
    DeploymentError,
    MalformedItemError,
    NotFoundError,
    NotLoggedInError,
    ProvenaError,
    RejectedError,
    UpstreamError,
)
from provena_mcp.queries.cache import together
from provena_mcp.wire.items import RegistryItem, VersioningInfo
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import SUBTYPES, ItemSubtype

if TYPE_CHECKING:
    from provena_mcp.client import RegistryApi
    from provena_mcp.rules.records.references import Outcome

# The registry has no batch fetch (provena-http 7.10), so a hundred items would be a hundred calls. A page of
# a list carries a hundred at once: from this many items of one subtype on a page saves more than it costs.
# Where a hundred are too few to meet many that are wanted, one page of a thousand is tried.
_PAGE_SIZE: Final = 100
_WORTH_A_PAGE: Final = 6
_LARGE_PAGE: Final = 1000
_WORTH_A_LARGE_PAGE: Final = 40
_MAX_PAGES: Final = 5
_MAX_CHAIN: Final = 20

ItemT = TypeVar("ItemT", bound=RegistryItem)
Needs = tuple[type[ProvenaError], ...]

LOGIN_ONLY: Final[Needs] = (NotLoggedInError,)
"""The answer may lack items that cannot be read, but a missing login fails it."""

ALL: Final[Needs] = (NotLoggedInError, UpstreamError)
"""The answer would be wrong without one of its items, so any failure of a service fails it."""

NOTHING: Final[Needs] = ()
"""No failure fails the answer: it stands without the items that cannot be read."""


class ItemReader:
    """Reads items for one answer, each at most once, and remembers the outcome for every id."""

    def __init__(
        self,
        registry: RegistryApi,
        remember: Callable[[RegistryItem], object],
        needs: Needs = LOGIN_ONLY,
    ) -> None:
        """Read from ``registry``.

        Args:
            registry: As the caller.
            remember: Called with every item that was read.
            needs: Errors that are raised instead of remembered; a malformed item is never raised.
        """
        self._registry = registry
        self._remember = remember
        self._needs = needs
        self._outcomes: dict[str, RegistryItem | ProvenaError] = {}
        # What pages held besides what was asked for: nobody has to look at it, but it need not be fetched.
        self._besides: dict[str, RegistryItem] = {}

    @property
    def outcomes(self) -> Mapping[str, RegistryItem | ProvenaError]:
        """The item, or why it could not be read, of every id that was looked up."""
        return self._outcomes

    @property
    def known(self) -> dict[str, Outcome]:
        """The same outcomes as the rules expect them: ``Found`` or ``Refused``."""
        return {item_id: _in_rules(item_id, outcome) for item_id, outcome in self._outcomes.items()}

    @property
    def incomplete_because(self) -> str | None:
        """A note on how many items could not be read because a service failed; none if all could."""
        count = sum(isinstance(outcome, UpstreamError) for outcome in self._outcomes.values())
        return f"the service failed to answer for {count} item{'s' if count > 1 else ''}" if count else None

    def item(self, item_id: str) -> RegistryItem | None:
        """An item that was read and found."""
        outcome = self._outcomes.get(item_id)
        return outcome if isinstance(outcome, RegistryItem) else None

    def is_gone(self, item_id: str) -> bool:
        """Whether the registry was asked for an item and does not hold it."""
        return isinstance(self._outcomes.get(item_id), NotFoundError)

    def take(self, items: Mapping[str, RegistryItem]) -> None:
        """Add items that were read elsewhere, so that they are not read again."""
        self._outcomes.update(items)

    async def read(self, ids: Iterable[str]) -> Mapping[str, RegistryItem | ProvenaError]:
        """What is known of ``ids``; those that were not looked up yet are fetched, all at once.

        Raises:
            ProvenaError: Of a kind that the answer ``needs`` to go well.
        """
        asked = [item_id for item_id in dict.fromkeys(ids) if item_id]
        self._take_from_besides(asked)
        wanted = [item_id for item_id in asked if item_id not in self._outcomes]
        outcomes = await together(*(self._fetch(item_id) for item_id in wanted))
        self._outcomes.update(zip(wanted, outcomes, strict=True))
        return {item_id: self._outcomes[item_id] for item_id in asked}

    async def read_of_type(self, ids: Iterable[str], model: type[ItemT]) -> dict[str, ItemT]:
        """Those of ``ids`` that are of one kind and can be read; errors as ``read``."""
        read = await self.read(ids)
        return {item_id: item for item_id, item in read.items() if isinstance(item, model)}

    async def read_many(
        self, wanted: Mapping[str, str], *, most_fetches: int, most_pages: int = _MAX_PAGES
    ) -> list[str]:
        """Look up many items by id -> subtype (empty if not known), those that matter most first.

        Pages of the lists of a subtype are read as long as each saves more fetches than it costs, and
        items of which there are few fetched meanwhile; then the first of what is left are. The ids beyond
        ``most_fetches`` come back, not looked up.

        Raises:
            ProvenaError: As ``read``.
        """
        self._take_from_besides(wanted)
        missing = {item: subtype for item, subtype in wanted.items() if item not in self._outcomes}
        counts = Counter(missing.values())
        worth: list[ItemSubtype] = [kind for kind in SUBTYPES if counts[kind] >= _WORTH_A_PAGE]
        few = [item_id for item_id, kind in missing.items() if kind not in worth][:most_fetches]
        await together(self.read(few), *(self._read_pages(kind, missing, most_pages) for kind in worth))
        left = [item_id for item_id in missing if item_id not in self._outcomes]
        await self.read(left[: most_fetches - len(few)])
        return left[most_fetches - len(few) :]

    async def read_newer_versions(self, ids: Iterable[str]) -> None:
        """Look up what replaced each of ``ids``, and what replaced that, up to the latest."""
        await self._read_chain(ids, lambda version: version.next_version)

    async def read_older_versions(self, ids: Iterable[str]) -> None:
        """Look up what each of ``ids`` replaced, and what that replaced, down to the first."""
        await self._read_chain(ids, lambda version: version.previous_version)

    async def _read_chain(
        self, ids: Iterable[str], neighbour: Callable[[VersioningInfo], str | None]
    ) -> None:
        latest: set[str] = set(ids)
        for _ in range(_MAX_CHAIN):
            found = [neighbour(place) for item_id in latest if (place := self._place_of(item_id)) is not None]
            latest = {other for other in found if other and other not in self._outcomes}
            if not latest:
                return
            await self.read(sorted(latest))

    def _place_of(self, item_id: str) -> VersioningInfo | None:
        item = self.item(item_id)
        return item.versioning_info if item else None

    async def _read_pages(self, subtype: ItemSubtype, missing: Mapping[str, str], most_pages: int) -> None:
        left = {item_id for item_id, kind in missing.items() if kind == subtype}
        size = _PAGE_SIZE
        walk = self._registry.walk(
            ListRequest(filter_by=ListFilter(item_subtype=subtype)),
            # Most of a thousand rows are of no use, and to read a row costs more than all else about it.
            is_wanted=lambda item_id: size < _LARGE_PAGE or item_id in left,
        )
        for _ in range(most_pages):
            try:
                page = await walk.next_page(size)
            except ProvenaError:
                return  # the fetches that follow say why, id by id
            if page is None:
                return
            for item in page.items:
                self._besides[item.id] = item
                self._remember(item)
            self._take_from_besides(left)
            hits = len(left)
            left -= self._outcomes.keys()
            hits -= len(left)
            goes_on = hits >= _WORTH_A_PAGE or (size != _LARGE_PAGE and len(left) >= _WORTH_A_LARGE_PAGE)
            if not goes_on or len(left) < _WORTH_A_PAGE:
                return
            size = _LARGE_PAGE if len(left) >= _WORTH_A_LARGE_PAGE else _PAGE_SIZE

    def _take_from_besides(self, ids: Iterable[str]) -> None:
        for item_id in ids:
            if item_id in self._besides and item_id not in self._outcomes:
                self._outcomes[item_id] = self._besides[item_id]

    async def _fetch(self, item_id: str) -> RegistryItem | ProvenaError:
        try:
            item = await self._fetched(item_id)
        except ProvenaError as error:
            if isinstance(error, self._needs) and not isinstance(error, MalformedItemError):
                raise
            return error
        return self._keep(item)

    async def _fetched(self, item_id: str) -> RegistryItem:
        try:
            return await self._registry.fetch(item_id)
        except RejectedError as error:
            # A handle is all that was asked with: refused without a reason, it is no fault of the caller.
            advice = "Try again later; if it stays so, whoever runs this Provena can tell why."
            raise DeploymentError(error.message, advice=advice, upstream=error.upstream) from error

    def _keep(self, item: RegistryItem) -> RegistryItem:
        self._remember(item)
        self._outcomes[item.id] = item
        return item


def _in_rules(item_id: str, outcome: RegistryItem | ProvenaError) -> Outcome:
    # Only who judges records needs their rules; a lineage needs names.
    from provena_mcp.rules.records.references import Found, Refused
    from provena_mcp.rules.records.refusals import unknown_reason

    if isinstance(outcome, RegistryItem):
        return Found(outcome)
    if isinstance(outcome, NotFoundError | ArgumentError):
        # What is no handle is not looked up: to the rules it is as unknown as what is not there.
        said = outcome.upstream if isinstance(outcome, NotFoundError) else None
        return Refused("unknown", said or unknown_reason(item_id))
    kind = "malformed" if isinstance(outcome, MalformedItemError) else "unreadable"
    return Refused(kind, outcome.upstream or outcome.message or unreadable_because(outcome))


def unreadable_because(error: ProvenaError) -> str:
    """Why an item could not be read, in the one or two words that fit beside its id."""
    if isinstance(error, NotFoundError):
        return "not in the registry"
    if isinstance(error, AccessError):
        return "no permission"
    return "service unavailable" if isinstance(error, UpstreamError) else "not readable"
