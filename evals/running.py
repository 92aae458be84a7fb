"""Asks the questions of whole worlds."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.asking import Outcome, ask
from evals.questions import questions_of
from evals.worlds import WorldName, open_world, serving


@dataclass(frozen=True)
class Ran:
    """What came of the questions, and the worlds whose data are not here."""

    outcomes: tuple[Outcome, ...]
    absent: tuple[WorldName, ...]


async def run_worlds(names: Sequence[WorldName]) -> Ran:
    """Serve each world from a store of its own and ask its questions, one after the other."""
    outcomes: list[Outcome] = []
    absent: list[WorldName] = []
    for name in names:
        world = open_world(name)
        if world is None:
            absent.append(name)
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with serving(world, Path(folder)) as client:
                outcomes += [await ask(client, question) for question in questions_of(world)]
    return Ran(tuple(outcomes), tuple(absent))
