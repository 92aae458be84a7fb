"""OpenTelemetry spans around requests to Provena; without a configured SDK they cost and send nothing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace

from provena_mcp.client.http.request import Call
from provena_mcp.errors import ProvenaError

_TRACER: Final = trace.get_tracer("provena_mcp")


@contextmanager
def upstream_span(call: Call, tracer: trace.Tracer = _TRACER) -> Generator[trace.Span]:
    """A span for one try of ``call``: its service, path and purpose, never what it carries."""
    attributes = {"provena.service": call.service, "http.request.method": call.method}
    # The path of a presigned address is a secret's other half.
    path = {} if call.service == "storage" else {"url.path": call.path}
    with tracer.start_as_current_span(
        f"{call.service}: {call.name}",
        kind=trace.SpanKind.CLIENT,
        attributes={**attributes, **path},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except ProvenaError as error:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
