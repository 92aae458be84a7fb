"""Connections to the HTTP server: none is held by a client that does not get on with its request."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS: Final = 10.0

_FILES: Final = 65_536


def with_header_deadline(seconds: float = HEADER_SECONDS) -> type[H11Protocol]:
    """Uvicorn's HTTP protocol, but it hangs up ``seconds`` after it began to wait for a request's headers.

    uvicorn itself waits for ever, from the first connection on, and each byte that drips in makes it
    forget how long an idle connection may last.
    """

    class WithHeaderDeadline(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._wait()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
            super().connection_lost(exc)

        def _wait(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = self.loop.call_later(seconds, self._hang_up)

        def _hang_up(self) -> None:
            is_answering = self.cycle and not self.cycle.response_complete
            if not is_answering and not self.transport.is_closing():
                self.transport.close()

    return WithHeaderDeadline


def allow_many_connections() -> None:
    """Ask the system for as many open files as it lets this process have; each connection is one."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
