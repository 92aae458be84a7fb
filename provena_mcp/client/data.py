"""data-api: datasets (provena-http 7.9)."""

from __future__ import annotations

from typing import ClassVar

from pydantic_core import to_json

from provena_mcp.client.checks import require_handle
from provena_mcp.client.http.request import FIND_ITEM, Call, Service
from provena_mcp.client.service import ServiceApi, require_success
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.registry import MintAnswer


class DataApi(ServiceApi):
    """The data store."""

    service: ClassVar[Service] = "data"

    async def mint_dataset(self, collection_format: JsonObject) -> MintAnswer:
        """Register a dataset from its metadata (provena-http 7.6, ``collection_format``).

        Raises:
            RejectedError: The metadata is not valid.
            ForbiddenError: The caller may not write, or has no linked Person.
        """
        call = Call(
            service="data",
            method="POST",
            path="/register/mint-dataset",
            name="register a dataset",
            effect="write",
            role="write",
            body=to_json(collection_format),
            find_out=FIND_ITEM,
        )
        answer = await self._ask(call, MintAnswer)
        require_success(call, answer.status)
        require_handle(call, answer.handle, "dataset")
        return answer
