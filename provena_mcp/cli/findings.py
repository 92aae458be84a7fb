"""What ``provena-mcp doctor`` has found, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from provena_mcp.errors import ProvenaError
from provena_mcp.next_call import naming_tools

# ok: as it should be; note: worth knowing; problem: something will not work.
State = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: how it is, and the fix where it is not as it should be."""

    state: State
    subject: str
    said: str
    fix: str = ""

    def __str__(self) -> str:
        """One line, and one for the fix."""
        line = f"{self.state:<8}{self.subject:<10}{self.said}"
        return f"{line}\n{'fix: ':>18}{self.fix}" if self.fix else line


def ok(subject: str, said: str) -> Diagnosis:
    """All is well with ``subject``."""
    return Diagnosis("ok", subject, said)


def failed(subject: str, error: ProvenaError) -> Diagnosis:
    """What an error says about ``subject``, and its advice as the fix."""
    said = f"{error.message} Provena said: {error.upstream!r}" if error.upstream else error.message
    return Diagnosis("problem", subject, said, naming_tools(error.advice))


def summary(findings: Iterable[Diagnosis]) -> str:
    """How many problems there are, in a sentence."""
    count = sum(finding.state == "problem" for finding in findings)
    return "No problems found." if not count else f"{count} problem{'s' if count > 1 else ''} found."
