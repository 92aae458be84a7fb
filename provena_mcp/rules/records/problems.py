"""What is wrong with a run record, in two wordings: ours for the user, and Provena's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.wire.subtypes import ItemSubtype

RECORD_REFUSED: Final = "Failed to validate an entity's ID in the record, error: "
# In a worker the text of an HTTP-style exception is lost (provena-http 6.4).
_LOST_IN_JOB: Final = "Job failed, err: Unhandled exception during model run validation. Error: .."
_NEAR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that would fit: an id with its name, or a key (no name)."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a record.

    ``path`` is where, as ``inputs[0].dataset_id``; ``message`` one sentence for the user, free of
    text from Provena; ``service_detail`` with ``status`` what Provena answers if this is the first
    problem it meets; ``value`` the offending value and ``subtype`` the kind of item wanted in its
    place, for a search of further candidates.
    """

    path: str
    message: str
    service_detail: str
    status: int = 400
    value: str = ""
    subtype: ItemSubtype | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def job_info(self) -> str:
        """The info of a job that fails for this problem (provena-http 4.4, 6.4)."""
        return self.service_detail if self.service_detail.startswith(RECORD_REFUSED) else _LOST_IN_JOB


def located(problems: Sequence[Problem], prefix: str) -> tuple[Problem, ...]:
    """The same problems, their paths below ``prefix``."""
    return tuple(_located(problem, prefix) for problem in problems)


def _located(problem: Problem, prefix: str) -> Problem:
    return replace(problem, path=f"{prefix}.{problem.path}" if problem.path else prefix)


def nearest(wanted: str, choices: Iterable[Candidate], limit: int = 3) -> tuple[Candidate, ...]:
    """The ``choices`` whose id or name resembles ``wanted``, closest first."""
    scored = [(_likeness(wanted, choice), choice) for choice in choices]
    scored = [entry for entry in scored if entry[0] >= _NEAR]
    scored.sort(key=lambda entry: (-entry[0], entry[1].name, entry[1].id))
    return tuple(choice for _, choice in scored[:limit])


def _likeness(wanted: str, choice: Candidate) -> float:
    sought = wanted.casefold()
    return max(
        difflib.SequenceMatcher(None, sought, text.casefold()).ratio() if text else 0.0
        for text in (choice.id, choice.name)
    )
