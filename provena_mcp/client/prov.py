"""prov-api: lineage and model runs (provena-http 2.1 to 2.9)."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

from pydantic_core import to_json

from provena_mcp.client.checks import require_session
from provena_mcp.client.graphs import graph_of, graph_of_pieces
from provena_mcp.client.http.connection import Sender
from provena_mcp.client.http.limits import DEFAULT_LIMITS
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.prov_files import FileRoutes
from provena_mcp.client.service import ServiceApi, encoded, require_success, required
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.large_values import LargeWork
from provena_mcp.wire.base import Status
from provena_mcp.wire.items import JsonObject, ModelRunRecord
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery
from provena_mcp.wire.registry import StatusAnswer, UserDetails
from provena_mcp.wire.runs import (
    BatchRequest,
    DeleteAnswer,
    DeleteRequest,
    DiffAction,
    SubmissionAnswer,
    UpdateRequest,
)


class AdminRoutes(ServiceApi):
    """Routes of prov-api for administrators."""

    service: ClassVar[Service] = "prov"

    async def delete_model_run(self, model_run_id: str, *, trial: bool = True) -> tuple[DiffAction, ...]:
        """Take a run out of the graph, or with ``trial`` only say what that would change."""
        request = DeleteRequest(record_id=required(model_run_id, "model_run_id"), trial_mode=trial)
        call = Call(
            service="prov",
            method="POST",
            path="/model_run/delete",
            name="say what deleting a model run would change"
            if trial
            else "delete a model run from the graph",
            effect="read" if trial else "write",
            role="admin",
            body=encoded(request),
            subjects=(model_run_id,),
            find_out="A trial deletion shows what is still there.",
        )
        return (await self._ask(call, DeleteAnswer)).diff

    async def config_text(self, *, required_only: bool = True) -> str:
        """The service's settings as ``KEY=VALUE`` lines, secrets included (admin)."""
        call = Call(
            service="prov",
            method="GET",
            path="/admin/config",
            name="generate the config file",
            role="admin",
            params={"required_only": required_only},
        )
        return (await self._fetch_file(call)).decode("utf-8", "replace")

    async def store_record(self, item: JsonObject, *, validate_record: bool = True) -> Status:
        """Write one complete registry item of a run into the graph again (admin)."""
        return await self._store("/admin/store_record", "store a record", validate_record, to_json(item))

    async def store_records(self, items: tuple[JsonObject, ...], *, validate_record: bool = True) -> Status:
        """The same for several, in order (admin).

        Raises:
            PartlyDoneError: It stopped at one of them; what came before stays.
        """
        return await self._store(
            "/admin/store_records", "store records", validate_record, to_json(items), in_turn=True
        )

    async def store_all_registry_records(self, *, validate_record: bool = True) -> Status:
        """The same for every complete run in the registry (admin); errors as ``store_records``."""
        return await self._store(
            "/admin/store_all_registry_records",
            "store all registry records",
            validate_record,
            None,
            in_turn=True,
        )

    async def _store(
        self, path: str, name: str, validate_record: bool, body: bytes | None, *, in_turn: bool = False
    ) -> Status:
        call = Call(
            service="prov",
            method="POST",
            path=path,
            name=name,
            effect="write",
            role="admin",
            params={"validate_record": validate_record},
            body=body,
            find_out="Storing a record again changes nothing: explore its run to see whether it is there.",
            in_turn=in_turn,
        )
        answer = await self._ask(call, StatusAnswer)
        require_success(call, answer.status)
        return answer.status


AccessLevel = Literal["general", "read", "write", "admin"]


class ProvApi(FileRoutes, AdminRoutes):
    """Provenance: what made what, and everything else that prov-api does."""

    def __init__(self, connection: Sender, large_work: LargeWork | None = None) -> None:
        """Call the service over ``connection``, and leave large lineages to ``large_work``."""
        super().__init__(connection)
        self._large_work = large_work or LargeWork(DEFAULT_LIMITS.large_bytes)

    async def explore(self, query: LineageQuery, starting_id: str, depth: int) -> ProvenanceGraph:
        """The links that answer ``query`` within ``depth`` hops; empty for an item outside the graph.

        Raises:
            ArgumentError: The depth is below 1 (the service would take 0 for its default).
            NotFoundError: No item has this id.
            DepthLimitError: Deeper than the deployment goes in one query.
        """
        if depth < 1:
            raise ArgumentError(
                f"depth {depth} is below 1.", parameter="depth", advice="Give a number of hops from 1."
            )
        call = Call(
            service="prov",
            method="GET",
            path=LINEAGE_ROUTE[query],
            name=f"explore {query.replace('_', ' ')}",
            params={"starting_id": required(starting_id, "starting_id"), "depth": depth},
            subjects=(starting_id,),
        )
        response = await self._connection.fetch(call)
        if self._large_work.is_large(response.content):
            return await self._large_work.do(partial(graph_of_pieces, call, response))
        return graph_of(call, response)

    async def register(self, record: ModelRunRecord) -> SubmissionAnswer:
        """Validate a run and queue its registration; the run's handle is in the job's result."""
        return await self._submit("/model_run/register", "register a model run", encoded(record))

    async def register_batch(self, records: tuple[ModelRunRecord, ...]) -> SubmissionAnswer:
        """Queue the registration of several runs; each is validated in its own job."""
        return await self._submit(
            "/model_run/register_batch",
            "register a batch of model runs",
            encoded(BatchRequest(records=records)),
        )

    async def update(self, model_run_id: str, reason: str, record: ModelRunRecord) -> SubmissionAnswer:
        """Replace a run's record; that the run exists is checked only in the job (provena-http 2.6)."""
        request = UpdateRequest(
            model_run_id=required(model_run_id, "model_run_id"), reason=reason, record=record
        )
        return await self._submit("/model_run/update", "update a model run", encoded(request))

    async def link_to_study(self, model_run_id: str, study_id: str) -> SubmissionAnswer:
        """Put a run that has no study into one.

        Raises:
            NotFoundError: Either id is unknown.
            WrongSubtypeError: Either item is of another kind.
            RejectedError: The run is in a study already.
        """
        call = Call(
            service="prov",
            method="POST",
            path="/model_run/edit/link_to_study",
            name="link a model run to a study",
            effect="write",
            role="write",
            params={
                "model_run_id": required(model_run_id, "model_run_id"),
                "study_id": required(study_id, "study_id"),
            },
            subjects=(model_run_id, study_id),
        )
        return await self._submitted(call)

    async def check_access(self, level: AccessLevel = "general") -> UserDetails:
        """Who is calling, if they have the roles of ``level``.

        Raises:
            ForbiddenError: They have not.
            NotLoggedInError: Nobody is logged in.
        """
        call = Call(
            service="prov",
            method="GET",
            path=f"/check-access/check-{level}-access",
            name=f"check {level} access",
            role="any" if level == "general" else level,
        )
        return await self._ask(call, UserDetails)

    async def _submit(self, path: str, name: str, body: bytes) -> SubmissionAnswer:
        return await self._submitted(
            Call(service="prov", method="POST", path=path, name=name, effect="write", role="write", body=body)
        )

    async def _submitted(self, call: Call) -> SubmissionAnswer:
        answer = await self._ask(call, SubmissionAnswer)
        require_success(call, answer.status)
        require_session(call, answer.session_id)
        return answer
