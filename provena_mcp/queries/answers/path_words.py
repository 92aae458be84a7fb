"""Paths in words: items by name, with the relations between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from provena_mcp.lineage.paths import Meeting
from provena_mcp.queries.answers.common import NamedItem, named_item
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.rules.graph import Direction


@dataclass(frozen=True)
class PathWords:
    """Words for the items of a relation: their names, kinds, and the relation from each to the next."""

    named: NamesFound
    kinds: Mapping[str, str]
    relations: Mapping[tuple[str, str], str]

    def item(self, node: str) -> NamedItem:
        """An item with its name and type."""
        return named_item(node, self.named, self.kinds)

    def called(self, node: str) -> str:
        """An item's name and type: "'Sea surface' (dataset)"."""
        return f"{self.quoted(node)} ({_in_words(self.item(node).type or 'item')})"

    def quoted(self, node: str) -> str:
        """An item's name in quotes, else its id."""
        name = self.item(node).name
        return f"'{name}'" if name else node

    def chain(self, path: tuple[str, ...], direction: Direction) -> str:
        """A path: "'A' -wasGeneratedBy-> 'B'"."""
        return " ".join([self.quoted(path[0]), *self._steps(path, direction)])

    def chain_over(self, meeting: Meeting) -> str:
        """From one item over the meeting point to the other."""
        back: Direction = "downstream" if meeting.direction == "upstream" else "upstream"
        out = self.chain(meeting.leg_from, meeting.direction)
        return " ".join([out, *self._steps(meeting.leg_to[::-1], back)])

    def _steps(self, path: tuple[str, ...], direction: Direction) -> list[str]:
        steps: list[str] = []
        for near, far in pairwise(path):
            if direction == "upstream":
                steps.append(f"-{self.relations[near, far]}->")
            else:
                steps.append(f"<-{self.relations[far, near]}-")
            steps.append(self.quoted(far))
        return steps


def _in_words(subtype: str) -> str:
    return subtype.lower().replace("_", " ")
