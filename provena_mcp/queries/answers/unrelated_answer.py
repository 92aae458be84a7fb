"""Tells what two items that no path joins have in common: data first, apart from people and recipes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from provena_mcp.lineage.paths import InCommon, Meeting, is_data
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import NextCalls, unreadable_of
from provena_mcp.queries.answers.path_result import FindLineagePathResult, Legs, Shared, SharedItems
from provena_mcp.queries.answers.path_search import Relation
from provena_mcp.queries.answers.path_words import PathWords
from provena_mcp.rules.budgets import MOST_HOPS
from provena_mcp.rules.graph import UNKNOWN, Direction, ProvenanceGraph
from provena_mcp.rules.text import plural

_SHOWN: Final = 6
_SHOWN_OF_A_TYPE: Final = 3
# Nobody asks for these by name: they are counted only.
_COUNTED_ONLY: Final = frozenset({"CREATE", "VERSION"})


class SharedSide:
    """What two items both came from, or what came of both."""

    def __init__(self, relation: Relation, direction: Direction) -> None:
        """Sort what ``relation`` found on the side of ``direction``."""
        found = relation.ancestors if direction == "upstream" else relation.descendants
        kinds = relation.graph.nodes
        self.data = [item for item in found if is_data(kinds.get(item.id, UNKNOWN))]
        self.besides = [item for item in found if not is_data(kinds.get(item.id, UNKNOWN))]
        self.meeting = next(
            (meeting for meeting in relation.meetings if meeting.direction == direction), None
        )
        self.nearest = _nearest(self.data, relation.graph)
        self.others = _nearest(self.besides, relation.graph)
        self.counts = Counter(_type(relation.graph, item) for item in self.besides)

    @property
    def ids(self) -> set[str]:
        """Ids of the items that are told by name."""
        legs = (*self.meeting.leg_from, *self.meeting.leg_to) if self.meeting else ()
        return {*legs, *(item.id for item in (*self.nearest, *self.others))}


class UnrelatedAnswer:
    """The answer where no path leads from one item to the other."""

    def __init__(self, relation: Relation, start: str, goal: str, max_hops: int) -> None:
        """Tell ``relation``, looked for within ``max_hops``."""
        self._relation = relation
        self._start = start
        self._goal = goal
        self._max_hops = max_hops
        self._ancestors = SharedSide(relation, "upstream")
        self._descendants = SharedSide(relation, "downstream")

    @property
    def ids(self) -> set[str]:
        """Ids of the items whose names it needs."""
        return {self._start, self._goal, *self._ancestors.ids, *self._descendants.ids}

    def answers(
        self, words: PathWords, because: str | None, doubts: str | None
    ) -> Iterator[FindLineagePathResult]:
        """Ever smaller answers, incomplete for what ``because`` says and of it for ``doubts``."""
        within = self._relation.within
        none = (
            f"None found within {plural(within, 'hop')}, but what Provena answered does not hang together."
            if doubts
            else f"None within {plural(within, 'hop')}: no path that short leads from one to the other."
        )
        for with_legs in (True, False):
            yield FindLineagePathResult(
                found=False,
                answer=none + self._shares(words, is_doubted=doubts is not None),
                from_item=words.item(self._start),
                to_item=words.item(self._goal),
                common_ancestors=_shared_items(self._ancestors, words, with_legs=with_legs),
                common_descendants=_shared_items(self._descendants, words, with_legs=with_legs),
                searched_hops=within,
                incomplete_because=because,
                unreadable=unreadable_of(words.named),
                next=self._go_on(with_legs=with_legs),
            )

    def _shares(self, words: PathWords, *, is_doubted: bool) -> str:
        relation = self._relation
        within = f"within {plural(relation.common_within, 'hop')}"
        sides = ((self._ancestors, "that both came from"), (self._descendants, "made from both"))
        data = [f"{_counted(side.data, words)} {what}" for side, what in sides if side.data]
        besides = Counter[str]()
        for side, _ in sides:
            besides.update(side.counts)
        beside = f" {'Besides, in' if data else 'In'} common: {_by_type(besides)}." if besides else ""
        if data:
            return f" They share, {within}, {' and '.join(data)}.{beside}"
        alone = [words.called(end) for end in (self._start, self._goal) if end not in relation.graph.nodes]
        if is_doubted:
            return f" Nor was any data found that they share {within}.{beside}"
        if alone:
            return f" In no lineage at all: {', '.join(alone)}."
        return f" Nor do they share any data {within}.{beside}"

    def _go_on(self, *, with_legs: bool) -> NextCalls:
        calls: list[NextCall] = []
        if self._relation.goes_on and self._max_hops < MOST_HOPS and self._relation.within == self._max_hops:
            arguments: dict[str, JsonValue] = {
                "from_id": self._start,
                "to_id": self._goal,
                "max_hops": min(MOST_HOPS, 2 * self._max_hops),
            }
            calls.append(NextCall(tool="find_lineage_path", arguments=arguments, why="search further"))
        if self._ancestors.data and not with_legs:
            arguments = {"from_id": self._start, "to_id": self._ancestors.data[0].id}
            calls.append(
                NextCall(tool="find_lineage_path", arguments=arguments, why="the way to what both share")
            )
        return tuple(calls) or None


def _shared_items(side: SharedSide, words: PathWords, *, with_legs: bool) -> SharedItems | None:
    if not side.data and not side.besides:
        return None
    return SharedItems(
        count=len(side.data),
        nearest=tuple(_shared(item, words) for item in side.nearest),
        besides=dict(side.counts) or None,
        others=tuple(_shared(item, words) for item in side.others) or None,
        legs=_legs(side.meeting, words) if side.meeting and with_legs else None,
    )


def _shared(item: InCommon, words: PathWords) -> Shared:
    return Shared(**words.item(item.id).model_dump(), hops_from=item.hops_from, hops_to=item.hops_to)


def _legs(meeting: Meeting, words: PathWords) -> Legs:
    return Legs(
        meet_at=meeting.id,
        from_path=meeting.leg_from,
        to_path=meeting.leg_to,
        chain=words.chain_over(meeting),
    )


def _nearest(found: Iterable[InCommon], graph: ProvenanceGraph) -> list[InCommon]:
    """The nearest few, and few of each type, so that runs do not hide data nor people recipes."""
    shown = Counter[str]()
    nearest: list[InCommon] = []
    for item in found:
        kind = _type(graph, item)
        shown[kind] += 1
        if kind not in _COUNTED_ONLY and shown[kind] <= _SHOWN_OF_A_TYPE:
            nearest.append(item)
    return nearest[:_SHOWN]


def _type(graph: ProvenanceGraph, item: InCommon) -> str:
    return graph.nodes.get(item.id, UNKNOWN).registry_subtype


def _counted(items: list[InCommon], words: PathWords) -> str:
    return _by_type(Counter(words.kinds.get(item.id, "") for item in items), " and ")


_NOUNS: Final = {
    "DATASET": ("dataset", "datasets"),
    "MODEL_RUN": ("run", "runs"),
    "PERSON": ("person", "people"),
    "ORGANISATION": ("organisation", "organisations"),
    "STUDY": ("study", "studies"),
    "MODEL": ("model", "models"),
    "MODEL_RUN_WORKFLOW_TEMPLATE": ("workflow template", "workflow templates"),
    "DATASET_TEMPLATE": ("dataset template", "dataset templates"),
    "CREATE": ("registration", "registrations"),
    "VERSION": ("registration of a version", "registrations of versions"),
}


def _by_type(counts: Counter[str], joint: str = ", ") -> str:
    order = [*_NOUNS, *sorted(counts.keys() - _NOUNS.keys())]
    told = [plural(counts[kind], *_NOUNS.get(kind, ("item", "items"))) for kind in order if counts[kind]]
    return joint.join(told)
