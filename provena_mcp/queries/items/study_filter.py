"""Which items belong to a study, or to none: its runs and what they made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, TypeVar

from provena_mcp.errors import ArgumentError, CallerError, UpstreamError, WrongSubtypeError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.neighbourhood import explore_whole
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import DatasetItem, ModelRunItem, RegistryItem
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

_NONE: Final = "none"
_MOST_STUDIES: Final = 200
_NAMELESS: Final = "A study could not be read, so some of these may belong to it."

Answer = TypeVar("Answer")

Passes = Callable[[RegistryItem], bool | None]
"""Whether an item is kept; none where its record states nothing that could tell."""


def means_none(value: str) -> bool:
    """Whether a filter asks for what states nothing."""
    return value.strip().casefold() == _NONE


async def by_study(reader: Reader, given: str, subtype: ItemSubtype | None) -> tuple[Passes, str | None]:
    """Whether an item is in the study ``given``, or with ``none`` in no study; and why that may be wrong.

    Raises:
        ArgumentError: There are too many studies to look into each.
        NotFoundError: There is no such study.
        WrongSubtypeError: The id is one of something else.
    """
    if not means_none(given):
        study = parse_handle(given, "study_id")
        return _of_study(study, await _members_of(reader, study)), None
    # A run states its study; what belongs to one only through its run takes the graph of each study.
    if subtype == "MODEL_RUN":
        return _of_no_study(frozenset()), None
    studies, nameless = await listed_studies(reader, _MOST_STUDIES)
    members, unasked = await _members_of_any(reader, studies)
    reasons = [f"{unasked}, so some of these may belong to a study."] if unasked else []
    return _of_no_study(members), " ".join([*reasons, _NAMELESS] if nameless else reasons) or None


async def listed_studies(reader: Reader, most: int) -> tuple[list[str], bool]:
    """Ids of the studies, of more than ``most`` some; and whether there are some without a readable id.

    Of a study whose record is not valid the id is enough: it is asked of the graph.
    """
    studies: list[str] = []
    nameless = False
    request = ListRequest(filter_by=ListFilter(item_subtype="STUDY"), page_size=most + 1)
    async for page in reader.client.registry.pages(request):
        studies += [*(item.id for item in page.items), *filter(None, page.unparsable)]
        nameless = nameless or "" in page.unparsable
        if len(studies) > most:
            break
    return studies, nameless


async def ask_each(
    studies: Sequence[str], ask: Callable[[str], Awaitable[Answer]]
) -> tuple[list[Answer], str | None]:
    """What ``ask`` answers of each of the studies, and how many of them could not be asked.

    Raises:
        AccessError: The caller may not ask at all.
    """

    async def answer_of(study: str) -> list[Answer]:
        try:
            return [await ask(study)]
        except (CallerError, UpstreamError):
            return []

    answers = [each for found in await together(*map(answer_of, studies)) for each in found]
    failed = len(studies) - len(answers)
    return answers, f"{plural(failed, 'study', 'studies')} could not be asked" if failed else None


async def _members_of_any(reader: Reader, studies: Sequence[str]) -> tuple[Collection[str], str | None]:
    """What belongs to one of the studies, and how many of them could not be asked."""
    if len(studies) > _MOST_STUDIES:
        raise ArgumentError(
            f"study_id none looks into each study, and there are more than {_MOST_STUDIES}.",
            parameter="study_id",
            advice="Ask with subtype MODEL_RUN: a run states its study.",
        )
    members, unasked = await ask_each(studies, lambda study: _members(reader, study))
    return {member for study in members for member in study}, unasked


def _of_no_study(members: Collection[str]) -> Passes:
    def passes(item: RegistryItem) -> bool | None:
        if isinstance(item, ModelRunItem):
            return item.record.study_id is None and item.id not in members
        # Nothing else is made in a study.
        return item.id not in members if isinstance(item, DatasetItem) else None

    return passes


async def _members_of(reader: Reader, study: str) -> Collection[str]:
    item, members = await together(reader.client.registry.fetch(study), _members(reader, study))
    if item.item_subtype != "STUDY":
        raise WrongSubtypeError(
            f"study_id {study!r} is a {item.item_subtype}.",
            advice="Give the id of a STUDY; list_items with subtype STUDY lists them.",
        )
    return members


async def _members(reader: Reader, study: str) -> frozenset[str]:
    """Runs of the study and what they made: at most two links downstream of it (provena-http 5.2)."""
    graph = await explore_whole(reader.client.prov, "downstream", study, 2)
    return frozenset(node for node, kind in graph.nodes.items() if kind.subtype in ("MODEL_RUN", "DATASET"))


def _of_study(study: str, members: Collection[str]) -> Passes:
    # The graph lags behind the registry, where a run states its study.
    return lambda item: (
        item.id in members or (isinstance(item, ModelRunItem) and item.record.study_id == study)
    )
