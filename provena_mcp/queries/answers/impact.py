"""Use case: if this item is wrong, what and who is touched?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.errors import WrongSubtypeError
from provena_mcp.queries.answers.impact_answer import ImpactAnswer
from provena_mcp.queries.answers.impact_evidence import gather_evidence
from provena_mcp.queries.answers.impact_result import AnalyseImpactResult
from provena_mcp.queries.items.item_reader import ItemReader
from provena_mcp.queries.items.names import Named
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import DepthCap, worked_out
from provena_mcp.rules.handles import parse_handle

# Whether a dataset is released stands in its record only: a page tells of two hundred, a fetch of one.
_RELEASE_PAGES: Final = 25
_RELEASE_FETCHES: Final = 300
_LOOKED_UP_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class ImpactQuestion:
    """An item, how far to follow, and what else to tell."""

    item_id: str
    depth: int
    contacts: bool = False
    all_versions: bool = False


async def analyse_impact(
    reader: Reader, cap: DepthCap, question: ImpactQuestion, max_tokens: int
) -> AnalyseImpactResult:
    """What and who is touched if an item is wrong, released datasets first.

    Raises:
        ArgumentError: The id is no handle.
        NotFoundError: No item has it.
        WrongSubtypeError: It is only a reserved id.
    """
    start = parse_handle(question.item_id, "item_id")
    records = reader.items()
    await records.read([start])
    item = records.item(start)
    if item is not None and item.is_seed:
        raise WrongSubtypeError(
            f"{start!r} is only a reserved id: nothing can have used it yet.",
            advice="Ask about a completed item; list_items finds them.",
        )
    await records.read_newer_versions([start])
    starts = [start]
    if question.all_versions:
        await records.read_older_versions([start])
        starts = _versions_of(records, start)
    evidence = await gather_evidence(
        reader, cap, starts, question.depth, follow_versions=question.all_versions
    )
    nearest = [affected.id for affected in evidence.impact.affected if affected.subtype == "DATASET"]
    known = await _known(reader, nearest)
    unread = {dataset: "DATASET" for dataset in nearest if dataset not in known}
    await records.read_many(unread, most_pages=_RELEASE_PAGES, most_fetches=_RELEASE_FETCHES)
    known |= await _known(reader, list(unread))
    answer = await worked_out(
        lambda: ImpactAnswer(reader, records, evidence, known, start, question.depth),
        len(evidence.impact.affected),
    )
    await answer.read_makers()
    if question.contacts:
        await answer.read_contacts()
    return await answer.result(max_tokens, has_contacts=question.contacts)


async def _known(reader: Reader, datasets: Sequence[str]) -> dict[str, Named]:
    """What was read lately of ``datasets``; others have their turn after each few thousand."""
    known: dict[str, Named] = {}
    for first in range(0, len(datasets), _LOOKED_UP_AT_ONCE):
        known |= reader.names.known(reader.caller, datasets[first : first + _LOOKED_UP_AT_ONCE])
        await asyncio.sleep(0)
    return known


def _versions_of(records: ItemReader, start: str) -> list[str]:
    """Ids of all versions of an item, itself first; one that may not be read is started from all the same."""
    found = [start]
    for version in found:
        item = records.item(version)
        place = item.versioning_info if item else None
        for other in (place.previous_version, place.next_version) if place else ():
            if other and other not in found and not records.is_gone(other):
                found.append(other)
    return found
