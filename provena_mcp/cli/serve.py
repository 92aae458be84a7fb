"""``provena-mcp serve``: the MCP server on stdin and stdout, or over HTTP."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from provena_mcp.rules.large_values import collect_seldom


def serve_stdio(*, sample: bool) -> None:
    """Serve over stdio until the host closes stdin.

    Args:
        sample: Whether the shipped sample world answers, from a store of its own.

    Raises:
        SettingsError: The settings are incomplete or malformed.
        StoreError: The embedded store cannot be opened.
    """
    started_by = os.getppid()
    with _starting():
        from provena_mcp.server.build import stdio_server
        from provena_mcp.settings import read_settings

        server = stdio_server(read_settings(), sample=sample)
        server.started_by = started_by
    server.run("stdio")


def serve_http(*, sample: bool, host: str, port: int) -> None:
    """Serve over streamable HTTP until told to stop.

    Args:
        sample: Whether the shipped sample world answers, from a store of its own.
        host: The address to listen at.
        port: The port to listen at.

    Raises:
        SettingsError: The settings are incomplete, malformed, or would let strangers act as others.
        StoreError: A store cannot be opened.
    """
    with _starting():
        from provena_mcp.server.http.app import run_http
        from provena_mcp.settings import read_settings

        settings = read_settings()
    run_http(settings, sample=sample, host=host, port=port)


@contextmanager
def _starting() -> Generator[None]:
    # What is imported and built stays until the end: searching it for garbage is a tenth of the
    # start, and as much work again in every full collection of a server that runs for days.
    gc.disable()
    try:
        _let_imports_fail_at_once("sniffio")
        _load_httpx()
        yield
    finally:
        collect_seldom()
        gc.enable()


def _load_httpx() -> None:
    """Load ``httpx`` without its own command line, which takes twice as long as all the rest of it.

    It leaves that out where pygments cannot be imported; whatever wants pygments later finds it.
    """
    if "pygments" in sys.modules:
        return
    _refuse_to_import("pygments")
    try:
        import_module("httpx")
    finally:
        del sys.modules["pygments"]


def _let_imports_fail_at_once(package: str) -> None:
    """Tell Python that a package is not there, if it is not: only the server's own process is told.

    ``httpcore`` tries to import one nine times a request, to learn which event loop runs, and each time
    Python looks through all folders it has: a quarter of what a small request costs.
    """
    if package not in sys.modules and find_spec(package) is None:
        _refuse_to_import(package)


def _refuse_to_import(package: str) -> None:
    sys.modules[package] = None  # pyright: ignore[reportArgumentType]  the import system's word for it
