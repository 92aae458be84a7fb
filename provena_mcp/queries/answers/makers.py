"""Which runs made datasets, whether or not they are in a lineage: one query each tells."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from provena_mcp.errors import NotFoundError
from provena_mcp.queries.cache import together
from provena_mcp.queries.lineage.frontier import AT_ONCE, Explorer
from provena_mcp.queries.lineage.neighbourhood import doubt_of

_MOST: Final = 5


@dataclass(frozen=True)
class MakersRead:
    """The makers of some datasets, beside what is affected; nothing is known of other datasets."""

    makers: Mapping[str, tuple[str, ...]]
    affected: Collection[str]

    def several(self, dataset: str) -> tuple[str, ...] | None:
        """The first of the affected runs that made a dataset, if several did."""
        made = [run for run in self.makers.get(dataset, ()) if run in self.affected]
        return tuple(made[:_MOST]) if len(made) > 1 else None

    def unaffected(self, dataset: str) -> tuple[str, ...] | None:
        """The first of the runs that made a dataset and are not affected."""
        made = (run for run in self.makers.get(dataset, ()) if run not in self.affected)
        return tuple(made)[:_MOST] or None

    def no_run(self, dataset: str) -> Literal[True] | None:
        """Whether no recorded run made a dataset."""
        return True if dataset in self.makers and not self.makers[dataset] else None


async def read_makers(explorer: Explorer, datasets: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The runs that made each of ``datasets``, sorted; without those of which nothing certain can be read.

    The registry may have lost them, or what is answered may fall apart.

    Raises:
        ProvenaError: The deployment failed.
    """
    slots = asyncio.Semaphore(AT_ONCE)

    async def makers(dataset: str) -> tuple[str, ...] | None:
        async with slots:
            try:
                graph = await explorer.explore("upstream", dataset, 1)
            except NotFoundError:
                return None
        if await doubt_of(graph, "upstream", dataset, 1):
            return None
        runs = {
            link.target
            for link in graph.links
            if link.source == dataset
            and link.relation == "wasGeneratedBy"
            and graph.nodes[link.target].subtype == "MODEL_RUN"
        }
        return tuple(sorted(runs))

    wanted = list(dict.fromkeys(datasets))
    found = await together(*map(makers, wanted))
    return {dataset: runs for dataset, runs in zip(wanted, found, strict=True) if runs is not None}
