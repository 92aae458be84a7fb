"""Exporting a store: every item as it came in, and who its users are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path

from provena_mcp.embedded import items
from provena_mcp.embedded.store import Store
from provena_mcp.errors import FileRefusedError, StoreError
from provena_mcp.private_file import create_beside, create_private


def export_items(store: Store, path: Path, *, overwrite: bool = False) -> int:
    """Write every item, as it was loaded, and all links into one file; how many items.

    The file appears whole or not at all, unless ``path`` is a link, a pipe or a device, to which
    it is written as it comes. Loading it gives the same registry and graph.

    Raises:
        FileRefusedError: There is such a file already.
        StoreError: The file cannot be written.
    """
    if path.exists() and not overwrite:
        raise FileRefusedError(f"{str(path)!r} exists already.", advice="Name another file, or pass --force.")
    partial: Path | None = None
    try:
        # A link may lead to a pipe, or out of this process: it stays, and what it leads to is written.
        if path.is_symlink() or (path.exists() and not path.is_file()):
            opened = create_private(path)
        else:
            partial, opened = create_beside(path)
        with TextIOWrapper(opened, "utf-8") as file, store.read() as connection:
            count = _write_array(file.write, items.every_raw(connection))
            file.write(f',\n"links": {json.dumps(items.links(connection), ensure_ascii=False)}}}\n')
        if partial:
            partial.replace(path)
    except OSError as error:
        raise StoreError(
            f"{str(path)!r} cannot be written: {error.strerror}.",
            advice="Name a file in a folder you may write.",
        ) from error
    finally:
        if partial:
            partial.unlink(missing_ok=True)
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
