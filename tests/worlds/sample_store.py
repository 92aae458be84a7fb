"""Stores that hold the sample world: loaded once in a process, and copied for each test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from provena_mcp.embedded import EmbeddedProvena
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store


def sample_store(path: Path, **links: str) -> Store:
    """A new store at ``path``; ``links`` say which Person a username is."""
    path.write_bytes(_loaded(tuple(links.items())))
    path.chmod(0o600)
    return Store(path)


def put_sample_beside(store: Path) -> None:
    """What ``--sample`` makes for a store at ``store``, where it has not been made."""
    path = Path(EmbeddedProvena.sample(store).where)
    if not path.exists():
        sample_store(path).close()


@cache
def _loaded(links: tuple[tuple[str, str], ...]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        store = Store(path)
        load_items(store, sample_source(), links=dict(links))
        store.close()
        return path.read_bytes()
