"""The SDK's server with what it leaves open: stdio, refused prompts, completions, recent documents."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from typing import Any, Final

import anyio
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CompleteRequestParams,
    CompleteResult,
    GetPromptResult,
    InputRequiredResult,
    ListResourcesResult,
    PaginatedRequestParams,
    ResourceTemplate,
    Tool,
)
from pydantic import AnyUrl

from provena_mcp.application import Application
from provena_mcp.completions import complete
from provena_mcp.errors import CallerError, ProvenaError
from provena_mcp.resources import document_at, listed_kinds, recent_documents
from provena_mcp.server.calls import ToolCalls
from provena_mcp.server.stdio.lines import answered_stdio

_SHOWN: Final = 200
_PAUSE_SECONDS: Final = 0.02

logger = logging.getLogger(__name__)


class ProvenaServer(MCPServer[Application]):
    """An MCP server over one ``Application``.

    Attributes:
        calls: Those under way; nothing is prepared meanwhile.
        preparations: Gives, anew for each run over stdio, what is done once the tools have been listed: steps
            that make what the first calls need.
        started_by: The number of the process that started this one, where it was looked up before all else
            was loaded: the host may have gone since.
    """

    _listed: anyio.Event | None = None
    calls: ToolCalls
    preparations: Callable[[], Iterable[Callable[[], object]]] = tuple
    started_by: int | None = None

    def answer_by_caller(self) -> None:
        """Complete the arguments of prompts and resource templates, and list recent documents.

        What the SDK has for both is given no context, and so neither application nor caller.
        """
        add = self._lowlevel_server.add_request_handler
        add("completion/complete", CompleteRequestParams, _complete)
        add("resources/list", PaginatedRequestParams, self._list_resources)

    async def _list_resources(
        self, ctx: ServerRequestContext[Any, Any], _: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        recent = recent_documents(ctx.lifespan_context)
        return ListResourcesResult(resources=[*await self.list_resources(), *recent])

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """The kinds of documents, and what templates were added to them."""
        return [*listed_kinds(), *await super().list_resource_templates()]

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Application, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """The content of a document, which is listed for its caller from now on.

        Raises:
            MCPError: It cannot be had; its data says whose fault that is, and whether a repeat may help.
        """
        try:
            document = await document_at(str(uri), context) if context else None
            content = [document] if document else await super().read_resource(uri, context)
        except ResourceError as error:
            if isinstance(error.__cause__, ProvenaError):
                raise _refusal(error.__cause__, str(error), str(uri)) from error.__cause__
            raise
        if context is not None:
            app = context.request_context.lifespan_context
            app.recent_documents.add(app.caller(), str(uri))
        return content

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Application] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """The prompt with its arguments filled in.

        Raises:
            MCPError: There is no such prompt, or it takes other arguments. The SDK would call that an
                error inside the server, and fill the log with where it happened.
        """
        problem = await self._problem_with(name, arguments or {})
        if problem is not None:
            logger.warning("A prompt was refused: %.*r", _SHOWN, problem)
            raise MCPError(code=INVALID_PARAMS, message=problem)
        return await super().get_prompt(name, arguments, context)

    async def _problem_with(self, name: str, arguments: dict[str, Any]) -> str | None:
        prompts = {prompt.name: prompt.arguments or [] for prompt in await self.list_prompts()}
        if name not in prompts:
            return f"There is no prompt {name[:_SHOWN]!r}. There are: {', '.join(prompts)}."
        taken = {each.name: bool(each.required) for each in prompts[name]}
        missing = [each for each, required in taken.items() if required and each not in arguments]
        if missing:
            return f"The prompt {name} needs {' and '.join(missing)}."
        unknown = [each for each in arguments if each not in taken]
        if unknown:
            there_is = f"; it takes {', '.join(taken)}" if taken else ""
            return f"The prompt {name} takes no argument {unknown[0][:_SHOWN]!r}{there_is}."
        return None

    async def run_stdio_async(self) -> None:
        """Serve the host at the other end of stdin and stdout until it closes them or has gone."""
        self._listed = anyio.Event()
        started_by = os.getppid() if self.started_by is None else self.started_by
        async with answered_stdio(started_by) as (read, write), anyio.create_task_group() as beside:
            beside.start_soon(self._get_ready, self._listed)
            await self._lowlevel_server.run(
                read, write, self._lowlevel_server.create_initialization_options()
            )
            beside.cancel_scope.cancel()

    async def list_tools(self) -> list[Tool]:
        """The tools, as they were written down."""
        listed = await super().list_tools()
        if self._listed is not None:
            self._listed.set()
        return listed

    async def _get_ready(self, listed: anyio.Event) -> None:
        await listed.wait()
        # The list leaves first, and whatever has come is answered.
        await anyio.sleep(_PAUSE_SECONDS)
        for prepare in self.preparations():
            while self.calls.under_way:
                await anyio.sleep(_PAUSE_SECONDS)
            prepare()
            await anyio.sleep(0)


def _refusal(cause: ProvenaError, message: str, uri: str) -> MCPError:
    code = INVALID_PARAMS if isinstance(cause, CallerError) else INTERNAL_ERROR
    data = {"uri": uri, "kind": cause.kind, "fault": cause.fault, "retry": cause.retry}
    return MCPError(code=code, message=message, data=data)


async def _complete(ctx: ServerRequestContext[Any, Any], params: CompleteRequestParams) -> CompleteResult:
    app: Application = ctx.lifespan_context
    return CompleteResult(completion=await complete(app, params.ref, params.argument, params.context))
