"""prov-api: lineage and model runs (contract 2.1 to 2.9)."""

from __future__ import annotations

from typing import Literal

from provena_mcp.client.graphs import graph_of
from provena_mcp.client.http.parsing import require_success
from provena_mcp.client.http.request import Call
from provena_mcp.client.prov_admin import AdminRoutes
from provena_mcp.client.prov_files import FileRoutes
from provena_mcp.client.service import encoded, required
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery
from provena_mcp.wire.records import ModelRunRecord
from provena_mcp.wire.registry import UserDetails
from provena_mcp.wire.runs import BatchRequest, SubmissionAnswer, UpdateRequest

AccessLevel = Literal["general", "read", "write", "admin"]


class ProvApi(FileRoutes, AdminRoutes):
    """Provenance: what made what, and everything else that prov-api does."""

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
        return graph_of(call, await self._connection.fetch(call))

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
        """Replace a run's record; that the run exists is checked only in the job (contract 2.6)."""
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
        return answer
