"""Measures everything, or the parts named, and prints one table; exits with 1 where an aim is missed.

python -m benchmarks [start lineage special crowd large answers store batch mirror recording picture]
                     [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import answers, batch, crowd, large, lineage, mirror, picture, recording, start, store
from benchmarks.measurement import Table

PARTS: dict[str, Callable[[Table, bool], None]] = {
    "start": start.measure,
    "lineage": lineage.measure,
    "special": lineage.measure_special,
    "crowd": crowd.measure,
    "large": large.measure,
    "answers": answers.measure,
    "store": store.measure,
    "batch": batch.measure,
    "mirror": mirror.measure,
    "recording": recording.measure,
    "picture": picture.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller stores")
    args = parser.parse_args()
    if unknown := set(args.parts) - PARTS.keys():
        parser.error(f"there is no part {min(unknown)!r}: {', '.join(PARTS)}")
    table = Table()
    for name, part in PARTS.items():
        if not args.parts or name in args.parts:
            part(table, args.quick)
    table.close()
    return 0 if table.all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
