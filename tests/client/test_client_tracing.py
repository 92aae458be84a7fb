"""Requests to Provena are spans, which say what was asked and never what was carried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace

from provena_mcp.client.http.request import Call
from provena_mcp.client.http.tracing import upstream_span
from provena_mcp.errors import UnavailableError


class Recorder(trace.Tracer):
    """Keeps what spans are started with and what is set on them."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def start_span(self, name: str, **given: Any) -> trace.Span:
        raise NotImplementedError

    @contextmanager
    def start_as_current_span(self, name: str, **given: Any) -> Iterator[trace.Span]:
        self.told.append((name, dict(given["attributes"])))
        yield _Span(self.told)


class _Span(trace.NonRecordingSpan):
    def __init__(self, told: list[Any]) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)
        self._told = told

    def set_status(self, status: Any, description: str | None = None) -> None:
        self._told.append((status, description))


def call(service: Any, path: str, params: Mapping[str, str] | None = None) -> Call:
    return Call(service=service, method="GET", path=path, name="fetch an item", params=params)


def test_a_request_is_a_span_without_its_query():
    recorder = Recorder()
    with upstream_span(call("registry", "/registry/general/fetch", {"id": "x/1"}), recorder):
        pass
    assert recorder.told == [
        (
            "registry: fetch an item",
            {
                "provena.service": "registry",
                "http.request.method": "GET",
                "url.path": "/registry/general/fetch",
            },
        )
    ]


def test_a_presigned_address_is_in_no_span_and_a_failure_is_its_class():
    recorder = Recorder()
    with (
        pytest.raises(UnavailableError),
        upstream_span(call("storage", "https://s3.example.org/key?X-Amz-Signature=abc"), recorder),
    ):
        raise UnavailableError("token=secret")
    assert recorder.told == [
        ("storage: fetch an item", {"provena.service": "storage", "http.request.method": "GET"}),
        (trace.StatusCode.ERROR, "UnavailableError"),
    ]
