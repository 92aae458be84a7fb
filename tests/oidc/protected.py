"""The embedded Provena over real HTTP, open only to tokens of the tests' realm."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.bearer import identify_by_bearer
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.issuer import Issuer
from provena_mcp.settings import Endpoints, Settings
from tests.oidc.realm import Realm
from tests.worlds.settings import settings_with


class Protected:
    """Where the services answer, and the settings that point to them."""

    def __init__(self, base: str, realm: Realm) -> None:
        self.base = base
        self.realm = realm

    def settings(self, **more: object) -> Settings:
        urls = {f"{name}_api": f"{self.base}{path}" for name, path in BASE_PATHS.items()}
        return settings_with(**urls, keycloak=self.realm.issuer, **more)

    def environment(self) -> dict[str, str]:
        urls = {f"PROVENA_{name.upper()}_API": f"{self.base}{path}" for name, path in BASE_PATHS.items()}
        return {**urls, "PROVENA_KEYCLOAK": self.realm.issuer}

    def endpoints(self) -> Endpoints:
        endpoints = self.settings().endpoints()
        assert endpoints is not None
        return endpoints


@contextmanager
def protected_provena(
    realm: Realm, folder: Path, fill: Callable[[Store], object] = lambda _: None
) -> Iterator[Protected]:
    """Serve a store with what ``fill`` puts in on 127.0.0.1; the realm's clock decides what has expired."""
    store = Store(folder / "protected.sqlite3")
    fill(store)
    app = create_app(store, identify_by_bearer(Issuer(realm.issuer, clock=realm.clock)), clock=realm.clock)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    # Bound and listening already, so that whoever connects early is kept waiting, not refused.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Protected(f"http://127.0.0.1:{listening.getsockname()[1]}", realm)
        finally:
            server.should_exit = True
            thread.join()
    store.close()


def fill(store: Store) -> None:
    """The sample world, in which the realm's writer is somebody."""
    load_items(store, sample_source(), links={"writer": "sample/1000001"})
