"""``python -m tests.image [--base IMAGE]``: builds the image, does as the page says, and tells each step."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.image.engine import MADE_HERE, NoEngineError, find_engine
from tests.image.walk import Walk


def main() -> None:
    """Read the arguments and walk."""
    parser = argparse.ArgumentParser(prog="python -m tests.image")
    parser.add_argument(
        "--base",
        help=f"an image that is here, for the one that the Dockerfile begins with; {MADE_HERE!r} makes one",
    )
    try:
        engine = find_engine(parser.parse_args().base)
    except NoEngineError as error:
        sys.exit(str(error))
    print(f"with {' '.join(engine.command)}, upon {engine.base}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="provena-image-") as folder:
        Walk(engine, Path(folder)).walk()


if __name__ == "__main__":
    main()
