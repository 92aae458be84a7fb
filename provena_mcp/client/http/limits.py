"""The client's limits: deadlines, concurrency, sizes and retries."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field


class ClientLimits(BaseModel):
    """Bounds on every request; times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_seconds: float = Field(default=5.0, gt=0, description="To open a connection.")
    read_seconds: float = Field(default=30.0, gt=0, description="Without a byte from the service.")
    total_seconds: float = Field(
        default=45.0,
        gt=0,
        description="For everything: waiting for a slot, logging in, repeats and their pauses.",
    )
    concurrency: int = Field(default=16, ge=1, description="Requests under way at once.")
    keepalive_seconds: float = Field(default=20.0, ge=0, description="An idle connection is kept.")
    max_body_bytes: int = Field(default=64 * 1024 * 1024, ge=1, description="Of an answer, decompressed.")
    large_bytes: int = Field(
        default=4 * 1024 * 1024,
        ge=0,
        description="Answers of more wait for room before all of them is read; lineages of more, some 13,000 "
        "items, are decoded one after another, in a thread.",
    )
    large_bytes_at_once: int = Field(
        default=32 * 1024 * 1024, ge=1, description="Room for large answers, whoever asks for them."
    )
    attempts: int = Field(default=3, ge=1, description="Tries of a request that may be repeated.")
    pause_seconds: float = Field(
        default=0.2, ge=0, description="Before the second try; doubled for each further one."
    )
    longest_pause_seconds: float = Field(
        default=10.0, ge=0, description="A Retry-After beyond this is reported, not waited for."
    )
    jitter_seconds: float = Field(default=0.3, ge=0, description="Most that is added to a pause at random.")


DEFAULT_LIMITS: Final = ClientLimits()
