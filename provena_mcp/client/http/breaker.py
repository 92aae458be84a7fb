"""A circuit breaker for each service: one that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from provena_mcp.client.http.request import SERVICE_NAME, Service
from provena_mcp.errors import ProvenaError, UnavailableError

_FAILURES: Final = 8
_OPEN_SECONDS: Final = 10.0


@dataclass
class _Circuit:
    """Failures since the last answer, and until when nothing is sent."""

    failures: int = 0
    open_until: float = float("-inf")
    is_trying: bool = False


class Breaker:
    """Counts calls that end without an answer of the service itself; such an answer closes its circuit.

    After 8 failed calls in a row nothing is sent to the service for 10 s; then one call tries it, and its
    answer or failure decides for all.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """All closed; ``clock`` gives seconds."""
        self._clock = clock
        self._circuits: dict[Service, _Circuit] = {}

    @contextmanager
    def watch(self, service: Service, is_down: Callable[[], bool]) -> Generator[None]:
        """Watch one call to ``service``; ``is_down`` tells whether it ended without an answer of its own.

        Raises:
            UnavailableError: Its circuit is open, so nothing may be sent.
        """
        self._enter(service)
        ended = False
        try:
            yield
            ended = True
        except ProvenaError:
            ended = True
            raise
        finally:
            if not ended:
                self._gave_up(service)
            elif is_down():
                self.failed(service)
            else:
                self._circuits.pop(service, None)

    def failed(self, service: Service) -> None:
        """Note a call that ended without an answer of the service."""
        circuit = self._circuits.setdefault(service, _Circuit())
        circuit.failures += 1
        circuit.is_trying = False
        if circuit.failures >= _FAILURES:
            circuit.open_until = self._clock() + _OPEN_SECONDS

    def _enter(self, service: Service) -> None:
        circuit = self._circuits.get(service)
        if circuit is None or circuit.failures < _FAILURES:
            return
        left = circuit.open_until - self._clock()
        if left > 0 or circuit.is_trying:
            raise UnavailableError(
                f"{SERVICE_NAME[service]} has failed {circuit.failures} times in a row and is left alone for "
                "a moment; nothing was sent.",
                advice="Wait, then try again; get_health_check shows which services answer.",
                retry_after=max(round(left, 1), 1.0),
            )
        circuit.is_trying = True

    def _gave_up(self, service: Service) -> None:
        # Whoever asked went away before there was an answer: the next one tries.
        if circuit := self._circuits.get(service):
            circuit.is_trying = False
