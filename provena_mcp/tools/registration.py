"""Turns tool definitions into the SDK's tools: strict arguments, typed results, one door for errors."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult, TextContent
from pydantic import ValidationError
from pydantic_core import to_json

from provena_mcp.errors import ProvenaError
from provena_mcp.tools.arguments import invalid_arguments, normalise_arguments
from provena_mcp.tools.definition import Reply, ToolDefinition
from provena_mcp.tools.elicitation import unusable_answer
from provena_mcp.tools.error_results import failure_result
from provena_mcp.tools.login_elicitation import with_login
from provena_mcp.tools.schemas import Schema, input_schema, output_schemas


class ProvenaTool(Tool):
    """A tool whose failures are results that teach, and whose text repeats its structure."""

    async def run(self, arguments: dict[str, Any], context: Any, convert_result: bool = False) -> Any:
        """Run the tool; every failure but a protocol error becomes an ``is_error`` result."""
        attempt = partial(self._attempt, arguments, context)
        reads_only = self.annotations is not None and self.annotations.read_only_hint
        try:
            outcome = await (with_login(attempt, context) if reads_only else attempt())
        except ProvenaError as error:
            return failure_result(error, self.name)
        except ToolError as error:
            return failure_result(_cause_of(error), self.name)
        if isinstance(outcome, InputRequiredResult):
            return outcome
        return _success(outcome)

    async def _attempt(self, arguments: dict[str, Any], context: Any) -> Any:
        accepted = self.parameters["properties"]
        arguments = normalise_arguments(arguments, accepted, self.parameters.get("required", ()))
        try:
            return await super().run(arguments, context, convert_result=False)
        except ToolError as error:
            if isinstance(error.__cause__, ProvenaError):
                raise error.__cause__ from None
            raise


@lru_cache(maxsize=16)
def register(definitions: tuple[ToolDefinition, ...], *, local: bool = True) -> tuple[Tool, ...]:
    """The SDK's tools for definitions; only ``local`` ones offer to save files on this machine.

    Remembered: they follow from the definitions alone, and describing their results takes 0.2 s.
    """
    results = output_schemas([definition.result_model for definition in definitions])
    return tuple(
        _register(definition, result, local=local)
        for definition, result in zip(definitions, results, strict=True)
    )


def _register(definition: ToolDefinition, result: Schema, *, local: bool) -> Tool:
    made = ProvenaTool.from_function(
        definition.handler,
        name=definition.name,
        title=definition.title,
        description=definition.description,
        annotations=definition.annotations,
        meta={"provena/toolset": definition.toolset},
        structured_output=False,
    )
    made.parameters = input_schema(made.parameters)
    if not local:
        made.parameters["properties"].pop("save_as", None)
    made.fn_metadata.output_schema = result
    return made


def _success(reply: Reply[Any]) -> CallToolResult:
    content = reply.result.model_dump(mode="json", exclude_none=True, by_alias=True)
    return CallToolResult(
        content=[TextContent(text=to_json(content).decode()), *reply.links], structured_content=content
    )


def _cause_of(error: BaseException) -> BaseException:
    cause = error.__cause__ or error
    if isinstance(cause, ValidationError):
        return invalid_arguments(cause)
    # Our own code raises no ToolError: the SDK does, when a client's answer to a question cannot be read.
    return unusable_answer() if isinstance(cause, ToolError) else cause
