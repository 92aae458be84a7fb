"""prov-api's administration (contract 2.8, 2.10)."""

from __future__ import annotations

from typing import ClassVar

from pydantic_core import to_json

from provena_mcp.client.http.parsing import require_success
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.service import ServiceApi, encoded, required
from provena_mcp.wire.base import Status
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import StatusAnswer
from provena_mcp.wire.runs import DeleteAnswer, DeleteRequest, DiffAction


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
        """The same for several, in order; it stops at the first failure, what came before stays (admin)."""
        return await self._store("/admin/store_records", "store records", validate_record, to_json(items))

    async def store_all_registry_records(self, *, validate_record: bool = True) -> Status:
        """The same for every complete run in the registry (admin)."""
        return await self._store(
            "/admin/store_all_registry_records", "store all registry records", validate_record, None
        )

    async def _store(self, path: str, name: str, validate_record: bool, body: bytes | None) -> Status:
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
        )
        answer = await self._ask(call, StatusAnswer)
        require_success(call, answer.status)
        return answer.status
