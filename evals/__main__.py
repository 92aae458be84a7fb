"""Ask every question and print what is right, in how many calls and tokens.

    python -m evals [WORLD...]

Ends with 1 if any answer is wrong or a limit is passed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final, get_args

from evals.report import as_table, missed_goals
from evals.running import run_worlds
from evals.worlds import WorldName

_WORLDS: Final = get_args(WorldName)


def main(chosen: list[str]) -> int:
    """Run the worlds named, or all of them."""
    unknown = [name for name in chosen if name not in _WORLDS]
    if unknown:
        print(f"There is no world {unknown[0]!r}; there are {', '.join(_WORLDS)}.", file=sys.stderr)
        return 2
    ran = asyncio.run(run_worlds([name for name in _WORLDS if not chosen or name in chosen]))
    for name in ran.absent:
        print(f"The world {name!r} is not beside this repository: skipped.", file=sys.stderr)
    print(as_table(ran.outcomes))
    return 1 if missed_goals(ran.outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
