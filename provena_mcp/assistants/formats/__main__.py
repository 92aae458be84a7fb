"""``python -m provena_mcp.assistants.formats [--check] [--bundle FILE]``, in a checkout of the sources."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from provena_mcp.assistants.formats.bundle import write_bundle
from provena_mcp.assistants.formats.generated import generated_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what differs and name it, or with ``--check`` only name it; the exit code."""
    parser = argparse.ArgumentParser(description="Write the files by which others offer this server.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something differs")
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="write the MCP bundle as well")
    chosen = parser.parse_args(arguments)
    repository = Path.cwd()
    files = generated_files(repository)
    differing = [path for path, text in files.items() if _read(repository / path) != text]
    for path in differing:
        sys.stdout.write(f"{path}\n")
        if not chosen.check:
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(files[path], "utf-8", newline="\n")
    if chosen.bundle:
        write_bundle(repository, chosen.bundle)
    return int(chosen.check and bool(differing))


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
