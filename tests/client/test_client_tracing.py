"""Requests to Provena are spans, which say what was asked and never what was carried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
from opentelemetry import trace

from provena_mcp.client.http.connection import extensions_of
from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transports import TracingTransport
from tests.client.provena_stand_in import BASE, Script, json_answer


class Recorder(trace.Tracer):
    """Keeps what spans are started with and what is set on them."""

    def __init__(self) -> None:
        self.recorded: list[Any] = []

    def start_span(self, name: str, **given: Any) -> trace.Span:
        raise NotImplementedError

    @contextmanager
    def start_as_current_span(self, name: str, **given: Any) -> Iterator[trace.Span]:
        self.recorded.append((name, dict(given["attributes"])))
        yield _Span(self.recorded)


class _Span(trace.NonRecordingSpan):
    def __init__(self, recorded: list[Any]) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self._recorded = recorded

    def set_attribute(self, key: str, value: Any) -> None:
        self._recorded.append((key, value))

    def set_status(self, status: Any, description: str | None = None) -> None:
        self._recorded.append((status, description))


async def spans_of(call: Call, answer: httpx.Response | Exception) -> list[Any]:
    recorder = Recorder()
    script = Script([answer])
    transport = TracingTransport(httpx.MockTransport(script), recorder)
    request = httpx.Request(call.method, f"{BASE}{call.path}", extensions=extensions_of(call, 0.0))
    with suppress(httpx.HTTPError):
        await transport.handle_async_request(request)
    return recorder.recorded


def call(service: Any, path: str, params: Mapping[str, str] | None = None) -> Call:
    return Call(service=service, method="GET", path=path, name="fetch an item", params=params)


@pytest.mark.asyncio
async def test_a_request_is_a_span_without_its_query():
    asked = call("registry", "/registry/general/fetch", {"id": "x/1"})
    assert await spans_of(asked, json_answer({}, 404)) == [
        (
            "registry: fetch an item",
            {
                "provena.service": "registry",
                "http.request.method": "GET",
                "url.path": "/registry/general/fetch",
            },
        ),
        ("http.response.status_code", 404),
    ]


@pytest.mark.asyncio
async def test_a_presigned_address_is_in_no_span_and_a_failure_is_its_class():
    asked = call("storage", "/key?X-Amz-Signature=abc")
    assert await spans_of(asked, httpx.ConnectError("token=secret")) == [
        ("storage: fetch an item", {"provena.service": "storage", "http.request.method": "GET"}),
        (trace.StatusCode.ERROR, "ConnectError"),
    ]
