"""Serves over stdio: stdout carries the protocol and nothing else."""

from __future__ import annotations

import logging
import sys

from mcp.server import MCPServer

from provena_mcp.application import Application
from provena_mcp.server.audit_log import write_audit_to_stderr
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings


def stdio_server(settings: Settings, *, sample: bool = False) -> MCPServer[Application]:
    """The server for one user over stdin and stdout, with the log on stderr.

    Raises:
        ProvenaError: It could not be built.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    write_audit_to_stderr()
    return build_server(settings, sample=sample)
