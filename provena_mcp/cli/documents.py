"""Documents of the server's, read by a command that runs the server in its own process."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import BlobResourceContents

from provena_mcp.cli.own_server import own_server
from provena_mcp.errors import AccessError, NotFoundError, OperatorError, ProvenaError, UpstreamError
from provena_mcp.settings import Settings
from provena_mcp.wire.items import as_object

T = TypeVar("T")

_BY_FAULT: Final[dict[str, type[ProvenaError]]] = {
    "caller": NotFoundError,
    "access": AccessError,
    "deployment": UpstreamError,
}


async def with_own_server(settings: Settings, work: Callable[[Client], Awaitable[T]], *, sample: bool) -> T:
    """What ``work`` makes of documents of a server that is started for it, failures told as our own errors.

    Raises:
        ProvenaError: A document cannot be had, or the server cannot be built from these settings.
    """
    failure: ProvenaError
    async with Client(own_server(settings, sample=sample)) as client:
        try:
            return await work(client)
        except MCPError as error:
            fault = as_object(error.error.data).get("fault")
            failure = _BY_FAULT.get(str(fault), OperatorError)(error.error.message)
        except ProvenaError as error:
            failure = error
    # Raised here: out of the client's task groups it would come wrapped.
    raise failure


async def document_bytes(client: Client, uri: str) -> bytes:
    """A document's bytes.

    Raises:
        MCPError: It cannot be had.
    """
    (content,) = (await client.read_resource(uri)).contents
    if isinstance(content, BlobResourceContents):
        return base64.b64decode(content.blob)
    return content.text.encode()
