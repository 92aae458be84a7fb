"""Requests and answers of prov-api apart from lineage (provena-http 2.2 to 2.10, 8.2)."""

from __future__ import annotations

from typing import Literal

from provena_mcp.wire.base import Status, Wire
from provena_mcp.wire.items import JsonObject, ModelRunRecord


class SubmissionAnswer(Wire):
    """A job was queued; some routes add a status (provena-http 3.1)."""

    session_id: str
    status: Status | None = None


class BatchRequest(Wire):
    """Records to register, each as a job of its own."""

    records: tuple[ModelRunRecord, ...]


class UpdateRequest(Wire):
    """The whole new record of a run, and why it changes."""

    model_run_id: str
    reason: str
    record: ModelRunRecord


class ReportRequest(Wire):
    """Asks for a study's or a run's report; depth is 1 to 3 hops."""

    id: str
    item_subtype: Literal["STUDY", "MODEL_RUN"]
    depth: int


class DeleteRequest(Wire):
    """Takes a run out of the graph, or only says what that would do."""

    record_id: str
    trial_mode: bool = False


class DiffNode(Wire):
    """An end of a link in a graph diff."""

    id: str
    category: str | None = None
    subtype: str | None = None


class DiffLink(Wire):
    """A link in a graph diff."""

    source: DiffNode
    relation: str
    target: DiffNode


class DiffAction(Wire):
    """One change to the graph; which of the other fields are there depends on the action."""

    action_type: str
    node_id: str | None = None
    record_id: str | None = None
    link: DiffLink | None = None
    node: JsonObject | None = None


class DeleteAnswer(Wire):
    """What a deletion changed or would change."""

    diff: tuple[DiffAction, ...]


class ConvertAnswer(Wire):
    """The records a CSV file holds; ``existing_records`` are unverified session ids (provena-http 8.2)."""

    status: Status
    new_records: tuple[ModelRunRecord, ...] | None = None
    existing_records: tuple[str, ...] | None = None
    warnings: tuple[str, ...] | None = None
