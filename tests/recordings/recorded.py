"""The recorded exchanges of the real services: all where they lie beside the repository, else the extract."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Exchange = dict[str, Any]

EXTRACT = Path(__file__).parent
WHOLE = EXTRACT.parents[1] / "../shared/goldens"
RECORDINGS = WHOLE if WHOLE.is_dir() else EXTRACT
IS_WHOLE = RECORDINGS == WHOLE


def read_exchanges(file: Path) -> Iterator[Exchange]:
    """The exchanges of one file."""
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_json(name: str, folder: Path = RECORDINGS) -> Any:
    """One of the JSON files, such as ``registry_items.json``; the extract keeps the large ones packed."""
    packed = folder / f"{name}.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (folder / name).read_bytes()
    return json.loads(content)


def read_items(folder: Path = RECORDINGS) -> list[dict[str, Any]]:
    """The raw registry items of the recorded world."""
    return read_json("registry_items.json", folder)
