"""Model runs in the registry and the graph: registering, updating, linking to a study, restoring.

Every function works inside the caller's write transaction, so that the item and what it asserts
change together: a run is lodged whole or not at all.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from provena_mcp.embedded import graph as stored_graph
from provena_mcp.embedded import item_history
from provena_mcp.embedded.graph_sync import lodge
from provena_mcp.embedded.items import mint
from provena_mcp.embedded.lookup import look_up
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.large_values import kept_property
from provena_mcp.rules.provenance import assert_model_run, prov_json
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import (
    Known,
    Reference,
    Refused,
    missing,
    references,
    resolve_workflow,
)
from provena_mcp.rules.records.validation import problems
from provena_mcp.wire.items import JsonObject, ModelRunRecord

_LODGED: Final = "Updating item to mark completion of provenance lodge."
_LINKED: Final = "Linking model run to study."


class NoWorkflowError(Exception):
    """The workflow template of a record cannot be read, so what the run asserts cannot be told."""

    def __init__(self, refused: Refused, workflow_template_id: str) -> None:
        """Hold the registry's refusal."""
        super().__init__(refused.reason)
        self.refused = refused
        self.workflow_template_id = workflow_template_id


@dataclass(frozen=True)
class LodgedRun:
    """A run as it stands in the registry and the graph."""

    id: str
    prov_serialisation: str
    record: ModelRunRecord

    @kept_property
    def stored(self) -> JsonObject:
        """The record as items and jobs hold it; its item holds it in each entry of the history."""
        return as_stored(self.record)

    def as_json(self, *, nulls: bool = False) -> JsonObject:
        """The run as a job's result holds it; ``nulls`` keeps what has no value."""
        return {
            "id": self.id,
            "prov_json": self.prov_serialisation,
            "record": self.stored if not nulls else self.record.model_dump(mode="json"),
        }


def as_stored(record: ModelRunRecord) -> JsonObject:
    """A record as items and jobs hold it: without nulls."""
    return record.model_dump(mode="json", exclude_none=True)


def referred(connection: sqlite3.Connection, record: ModelRunRecord) -> Known:
    """All that a record refers to, as it is now."""
    return look_up(connection, lambda known: references(record, known))


def first_problem(record: ModelRunRecord, known: Known) -> Problem | None:
    """Why the services would refuse the record: the first thing wrong with it, in their order."""
    return next(iter(problems(record, known)), None)


def register(
    connection: sqlite3.Connection, record: ModelRunRecord, owner: str, now: int, known: Known | None = None
) -> LodgedRun:
    """Register a new run under a new handle; ``known`` is what it refers to, if that was looked up.

    Raises:
        NoWorkflowError: Its workflow template is not there.
    """
    run_id = mint(connection)
    lodged, graph = _asserted(connection, run_id, record, known)
    seed = item_history.seed_item(run_id, "MODEL_RUN", owner, now)
    complete = item_history.completed(seed, _domain(lodged, "COMPLETE"), owner, now)
    _put(connection, complete, lodged, graph, owner, now)
    return lodged


def update(
    connection: sqlite3.Connection,
    raw: JsonObject,
    record: ModelRunRecord,
    username: str,
    now: int,
    reason: str,
) -> LodgedRun:
    """Give a run another record; what it no longer asserts leaves the graph (provena-http 5.7).

    Other than in the recorded services the item ends as LODGED again (provena-http B5).

    Raises:
        NoWorkflowError: The new workflow template is not there.
    """
    lodged, graph = _asserted(connection, str(raw["id"]), record)
    changed = item_history.revised(raw, _domain(lodged, "COMPLETE"), username, now, reason)
    _put(connection, changed, lodged, graph, username, now)
    return lodged


def link_to_study(
    connection: sqlite3.Connection, raw: JsonObject, record: ModelRunRecord, username: str, now: int
) -> None:
    """Rewrite a run's item as belonging to the study its record names now; lodging that is a job."""
    domain: JsonObject = {**item_history.domain_of(raw), "record": as_stored(record)}
    item_history.put(connection, item_history.revised(raw, domain, username, now, _LINKED))


def lodge_again(connection: sqlite3.Connection, run_id: str, record: ModelRunRecord) -> LodgedRun:
    """Bring what a run asserts into the graph, without touching the registry.

    Raises:
        NoWorkflowError: Its workflow template is not there.
    """
    lodged, graph = _asserted(connection, run_id, record)
    lodge(connection, {run_id: graph})
    return lodged


def _asserted(
    connection: sqlite3.Connection, run_id: str, record: ModelRunRecord, known: Known | None = None
) -> tuple[LodgedRun, ProvenanceGraph]:
    graph = assert_model_run(run_id, record, _software_id(connection, record.workflow_template_id, known))
    return LodgedRun(run_id, prov_json(graph), record), graph


def _software_id(connection: sqlite3.Connection, workflow_template_id: str, known: Known | None) -> str:
    def itself(known: Known) -> frozenset[Reference]:
        return missing(
            [Reference(workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE", "workflow_template")], known
        )

    workflow = resolve_workflow(workflow_template_id, known or look_up(connection, itself))
    if isinstance(workflow, Refused):
        raise NoWorkflowError(workflow, workflow_template_id)
    return workflow.software_id


def _domain(run: LodgedRun, status: str) -> JsonObject:
    return {
        "display_name": run.record.display_name,
        "record_status": status,
        "record": run.stored,
        "prov_serialisation": run.prov_serialisation,
    }


def _put(
    connection: sqlite3.Connection,
    raw: JsonObject,
    run: LodgedRun,
    graph: ProvenanceGraph,
    username: str,
    now: int,
) -> None:
    # Both states stand in the history, as if one had been visible before the other.
    changed = item_history.revised(raw, _domain(run, "LODGED"), username, now, _LODGED)
    item_history.put(connection, changed, is_lodged=True)
    stored_graph.lodge(connection, [(run.id, graph)])
