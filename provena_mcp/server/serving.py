"""Serves over stdio: stdout carries the protocol and nothing else."""

from __future__ import annotations

import logging
import sys

from provena_mcp.server.audit import write_audit_to_stderr
from provena_mcp.server.building import build_server
from provena_mcp.settings import Settings


def run_stdio(settings: Settings, *, sample: bool = False) -> None:
    """Serve one user over stdin and stdout until the host closes them.

    Raises:
        ProvenaError: The server could not be built.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    write_audit_to_stderr()
    build_server(settings, sample=sample).run("stdio")
