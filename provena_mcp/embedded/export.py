"""Exporting a store: every item as it came in, and who its users are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from provena_mcp.embedded import items
from provena_mcp.embedded.store import Store
from provena_mcp.errors import FileRefusedError, StoreError
from provena_mcp.private_file import create_private


def export_items(store: Store, path: Path, *, overwrite: bool = False) -> int:
    """Write every item, as it was loaded, and all links into one file; how many items.

    The file appears whole or not at all, unless ``path`` is a pipe or a device, which is written to as it is.
    Loading it gives the same registry and graph.

    Raises:
        FileRefusedError: There is such a file already.
        StoreError: The file cannot be written.
    """
    if path.exists() and not overwrite:
        raise FileRefusedError(f"{str(path)!r} exists already.", advice="Name another file, or pass --force.")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    in_place = path.exists() and not path.is_file()
    try:
        with (
            store.read() as connection,
            TextIOWrapper(create_private(path if in_place else partial), "utf-8") as file,
        ):
            count = _write_array(file.write, items.every_raw(connection))
            file.write(f',\n"links": {json.dumps(items.links(connection), ensure_ascii=False)}}}\n')
        if not in_place:
            partial.replace(path)
    except OSError as error:
        raise StoreError(
            f"{str(path)!r} cannot be written: {error.strerror}.",
            advice="Name a file in a folder you may write.",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return count


def _write_array(write: Callable[[str], object], texts: Iterable[str]) -> int:
    write('{"items": [')
    count = 0
    for text in texts:
        write(",\n" if count else "\n")
        write(text)
        count += 1
    write("\n]")
    return count
