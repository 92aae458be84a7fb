"""Answers of the data-store service (contract 7.9)."""

from __future__ import annotations

from provena_mcp.wire.base import Status, Wire
from provena_mcp.wire.dataset_metadata import S3Location


class MintAnswer(Wire):
    """A minted dataset's handle, its storage, and the job that lodges its Create activity."""

    status: Status
    handle: str | None = None
    s3_location: S3Location | None = None
    register_create_activity_session_id: str | None = None
