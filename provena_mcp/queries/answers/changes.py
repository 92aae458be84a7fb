"""Use case: what has changed since then that matters to these results?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.errors import ArgumentError, NotFoundError
from provena_mcp.lineage.changes import BUILT_ON, ChangeEvidence, LineageChange, changes_in, unread_versions
from provena_mcp.queries.answers.changes_result import WhatChangedResult, row_of
from provena_mcp.queries.answers.common import first_that_fits, kinds_of
from provena_mcp.queries.items.owners import owner_meant
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap
from provena_mcp.queries.lineage.neighbourhood import gather_neighbourhood
from provena_mcp.rules.budgets import MOST_HOPS
from provena_mcp.rules.cursors import decode_cursor, encode_cursor
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.items.events import Gone
from provena_mcp.rules.text import all_reasons, plural
from provena_mcp.rules.times import moment_of, utc
from provena_mcp.wire.items import ModelRunItem, RegistryItem
from provena_mcp.wire.registry import ListRequest, ListSort

MAX_OF: Final = 50
_PAGE: Final = 100
_MOST_PAGES: Final = 300
_MOST_STARTS: Final = 300
_MOST_VERSIONS: Final = 30

_WORDS: Final = {
    "new_version": ("new version", "new versions"),
    "corrected": ("run corrected", "runs corrected"),
    "edited": ("item edited", "items edited"),
    "released": ("dataset released", "datasets released"),
    "withdrawn": ("dataset withdrawn", "datasets withdrawn"),
    "new_run": ("new run", "new runs"),
    "gone": ("item gone", "items gone"),
}

# What was noticed to be gone since a moment; only a mirror notices.
NoticedGone = Callable[[float], Sequence[Gone]]


@dataclass(frozen=True)
class ChangesQuestion:
    """Since when, and about which items; none of them means all that is the caller's own."""

    since: str
    of: tuple[str, ...] = ()
    cursor: str | None = None


async def what_changed(
    reader: Reader, cap: DepthCap, question: ChangesQuestion, noticed_gone: NoticedGone, max_tokens: int
) -> WhatChangedResult:
    """New versions, corrections, releases and withdrawals upstream of results, and new runs on their data.

    Raises:
        ArgumentError: ``since`` is no time, an id is none, or nobody knows what is the caller's own.
        NotFoundError: No item has an id that was given.
    """
    since = moment_of(question.since, "since").timestamp()
    gathering = _Gathering(reader, cap, since)
    evidence = await gathering.evidence(question.of)
    evidence = replace(evidence, gone=noticed_gone(since))
    changes = changes_in(evidence)
    return first_that_fits(_results(question, evidence, changes, gathering.doubts), max_tokens)


def _results(
    question: ChangesQuestion, evidence: ChangeEvidence, changes: list[LineageChange], doubts: list[str]
) -> Iterable[WhatChangedResult]:
    """The answer, with ever fewer rows."""
    asked = f"{question.since} {' '.join(question.of)}"
    place = decode_cursor(asked, question.cursor) if question.cursor else 0
    first = place if isinstance(place, int) and 0 <= place <= len(changes) else 0
    totals = Counter(change.kind for change in changes)
    rows = [row_of(change) for change in changes[first:]]
    whole = WhatChangedResult(
        answer=_said(totals, evidence),
        since=utc(evidence.since) or question.since,
        results=len(evidence.results),
        foundations=len(evidence.foundations.keys() - set(evidence.results)),
        complete=not doubts,
        incomplete_because=all_reasons(*doubts),
        totals=dict(totals),
        changes=tuple(rows),
    )
    yield whole
    count = len(rows)
    while count > 1:
        count = count * 3 // 4
        cursor = encode_cursor(asked, first + count)
        yield whole.model_copy(update={"changes": tuple(rows[:count]), "cursor": cursor})


def _said(totals: Counter[str], evidence: ChangeEvidence) -> str:
    when = (utc(evidence.since) or "")[:10]
    if not evidence.results:
        return "Nothing is yours, as far as the registry says; name items with `of`."
    if not totals:
        return f"Nothing has changed since {when} that matters to {plural(len(evidence.results), 'item')}."
    counted = ", ".join(
        plural(totals[kind], one, many) for kind, (one, many) in _WORDS.items() if totals[kind]
    )
    return f"Since {when}: {counted}."


class _Gathering:
    """Reads what the answer needs; ``doubts`` say why it may not be all."""

    def __init__(self, reader: Reader, cap: DepthCap, since: float) -> None:
        self.doubts: list[str] = []
        self._reader = reader
        self._cap = cap
        self._since = since
        self._changed: dict[str, RegistryItem] = {}

    async def evidence(self, of: tuple[str, ...]) -> ChangeEvidence:
        results = await (self._named(of) if of else self._own())
        foundations = await self._foundations(results)
        datasets = {
            dataset: item.id
            for item in results.values()
            for dataset in (
                [each.dataset_id for each in item.record.outputs]
                if isinstance(item, ModelRunItem)
                else [item.id] * (item.item_subtype == "DATASET")
            )
        }
        known = ChangeEvidence(self._since, results.keys(), foundations, self._changed, datasets=datasets)
        return await self._with_versions(known)

    async def _named(self, of: tuple[str, ...]) -> dict[str, RegistryItem]:
        wanted = list(dict.fromkeys(parse_handle(each, "of") for each in of))
        if len(wanted) > MAX_OF:
            raise ArgumentError(f"of takes up to {MAX_OF} handles, not {len(wanted)}.", parameter="of")
        await self._read_pages(lambda item: False, to_the_end=False)
        return {item_id: await self._reader.client.registry.fetch(item_id) for item_id in wanted}

    async def _own(self) -> dict[str, RegistryItem]:
        try:
            owner = (await owner_meant(self._reader, "me")).username
            person = await self._reader.client.auth.linked_person()
        except (ArgumentError, NotFoundError) as error:
            raise ArgumentError(
                f"Which results are yours is not known. {error.message}",
                parameter="of",
                advice="Give the ids of your results in `of`.",
            ) from None
        return await self._read_pages(
            lambda item: (
                item.item_subtype in BUILT_ON
                and (
                    item.owner_username == owner
                    or (isinstance(item, ModelRunItem) and item.record.associations.modeller_id == person)
                )
            ),
            to_the_end=True,
        )

    async def _read_pages(
        self, wanted: Callable[[RegistryItem], bool], *, to_the_end: bool
    ) -> dict[str, RegistryItem]:
        """Note what was updated since, newest first; with ``to_the_end`` look for what is wanted too."""
        found: dict[str, RegistryItem] = {}
        request = ListRequest(sort_by=ListSort(sort_type="UPDATED_TIME"), page_size=_PAGE)
        read = 0
        async for page in self._reader.client.registry.pages(request):
            for item in page.items:
                if item.updated_timestamp >= self._since:
                    self._changed[item.id] = item
                if wanted(item):
                    found[item.id] = item
            if page.unparsable:
                self.doubts.append(f"{plural(len(page.unparsable), 'item')} cannot be read")
            is_past = any(item.updated_timestamp < self._since for item in page.items)
            if is_past and not to_the_end:
                break
            read += 1
            if read == _MOST_PAGES and page.pagination_key is not None:
                self.doubts.append(f"only the {read * _PAGE:,} items updated last were looked through")
                break
        return found

    async def _foundations(self, results: dict[str, RegistryItem]) -> dict[str, str]:
        """What the results were built on, newest result first: what one reaches is not asked for again."""
        reached: dict[str, str] = {}
        asked = 0
        for start in sorted(results.values(), key=lambda item: (-item.created_timestamp, item.id)):
            if start.id in reached:
                continue
            if asked == _MOST_STARTS:
                self.doubts.append(f"only {asked} results were followed upstream: name fewer with `of`")
                break
            asked += 1
            lineage = await gather_neighbourhood(
                self._reader.client.prov, self._cap, start.id, "upstream", MOST_HOPS
            )
            if lineage.incomplete_because:
                self.doubts.append(f"upstream of {start.id}: {lineage.incomplete_because}")
            kinds = kinds_of(lineage.graph)
            for node in lineage.graph.nodes:
                if kinds[node] in BUILT_ON:
                    reached.setdefault(node, start.id)
        return reached | {item_id: item_id for item_id in results}

    async def _with_versions(self, evidence: ChangeEvidence) -> ChangeEvidence:
        """The evidence with the earlier versions of what is new, as far as that is needed."""
        older: dict[str, RegistryItem] = {}
        missed: set[str] = set()
        for _ in range(_MOST_VERSIONS):
            wanted = unread_versions(evidence) - missed
            if not wanted:
                break
            records = self._reader.items()
            await records.read(sorted(wanted))
            read = {item_id: item for item_id in wanted if (item := records.item(item_id)) is not None}
            missed |= wanted - read.keys()
            older |= read
            evidence = replace(evidence, older=dict(older))
        return evidence
