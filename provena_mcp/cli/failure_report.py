"""How a failed command reports it: on stderr, with what to do next, and an exit code by whose fault it is."""

from __future__ import annotations

import sys
from typing import Final

from provena_mcp.errors import Fault

EXIT_OF: Final[dict[Fault, int]] = {"caller": 2, "operator": 2, "access": 3, "deployment": 4}
"""2: the command or this machine's settings; 3: a login or a role is missing; 4: the deployment failed."""

_MOST_QUOTED: Final = 500


def report_failure(message: str, advice: str, upstream: str | None) -> None:
    """Write what failed, what to do next and, fenced, what a service said of it."""
    lines = [f"provena-mcp: {message}", advice]
    if upstream:
        # repr: text from a deployment must not drive the terminal.
        lines.append(f"Provena said: {upstream[:_MOST_QUOTED]!r}")
    sys.stderr.write("\n".join(line for line in lines if line) + "\n")
