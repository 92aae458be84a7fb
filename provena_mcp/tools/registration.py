"""Turns tool definitions into the SDK's tools: strict arguments, typed results, one door for errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, Final, get_args

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, InputRequiredResult, TextContent
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from provena_mcp.application import Application
from provena_mcp.client.freshness import asking_deployment
from provena_mcp.errors import NotFoundError, ProvenaError
from provena_mcp.tools.arguments import invalid_arguments, normalise_arguments
from provena_mcp.tools.catalogue import Shown, shown
from provena_mcp.tools.definition import Reply, ToolDefinition
from provena_mcp.tools.error_results import failure_result
from provena_mcp.tools.login_elicitation import with_login
from provena_mcp.tools.mirrored import (
    AGE,
    age_of,
    is_mirrored,
    note_age,
    wants_deployment,
    with_age,
    with_fresh,
    without_fresh,
)

# Older revisions have no links in results, and their clients fail to read them.
_LINKS_SINCE: Final = "2025-06-18"


class ProvenaTool(Tool):
    """A tool whose failures are results that teach, and whose text repeats its structure.

    It is listed from what is written down of it; what checks its arguments and asks its questions is made
    when it is called first. ``links`` adds links to the documents that a result speaks of, where the client's
    revision has them. ``mirrored`` says whether a mirror can answer it; the deployment does otherwise.
    """

    links: bool = False
    mirrored: bool = False
    result: Callable[[], type[BaseModel]]

    @property
    def preparations(self) -> Sequence[Callable[[], object]]:
        """Steps that make what a call needs, ahead of the first."""
        return (lambda: self.made, lambda: _build(self.result(), set()))

    @cached_property
    def made(self) -> Tool:
        """The SDK's tool of the handler, which ``fn`` loads."""
        made = Tool.from_function(self.fn(), name=self.name, structured_output=False)
        made.fn_metadata = _Metadata(arg_model=made.fn_metadata.arg_model)
        return made

    async def run(self, arguments: dict[str, Any], context: Any, convert_result: bool = False) -> Any:
        """Run the tool; every failure but a protocol error becomes an ``is_error`` result."""
        app: Application = context.request_context.lifespan_context
        attempt = partial(self._attempt, arguments, context)
        reads_only = self.annotations is not None and self.annotations.read_only_hint
        from_mirror, age = False, None
        try:
            from_mirror = self.mirrored and not wants_deployment(arguments)
            if from_mirror and app.mirror:
                await app.mirror.check()
            with asking_deployment(not from_mirror):
                outcome = await (with_login(attempt, context) if reads_only else attempt())
            age = age_of(app) if from_mirror else None
        except ProvenaError as error:
            await _advise_on_number(error, app)
            if from_mirror:
                note_age(error, app)
            return failure_result(error, self.name)
        except ToolError as error:
            return failure_result(error.__cause__ or error, self.name)
        if isinstance(outcome, InputRequiredResult):
            return outcome
        links = self.links and (context.protocol_version or "") >= _LINKS_SINCE
        return _success(outcome, links=links, age=age)

    async def _attempt(self, arguments: dict[str, Any], context: Any) -> Any:
        accepted = self.parameters["properties"]
        arguments = normalise_arguments(arguments, accepted, self.parameters.get("required", ()))
        try:
            return await self.made.run(without_fresh(arguments), context, convert_result=False)
        except ToolError as error:
            if isinstance(error.__cause__, ProvenaError):
                raise error.__cause__ from None
            raise


class _Metadata(FuncMetadata):
    def validate_arguments(self, arguments_to_validate: dict[str, Any]) -> dict[str, Any]:
        """The arguments as the handler takes them.

        Raises:
            ArgumentError: They are not as the input schema says: only that is the caller's fault.
        """
        try:
            return super().validate_arguments(arguments_to_validate)
        except ValidationError as error:
            raise invalid_arguments(error) from None

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Lists and objects that came as text of JSON; the word null is a word, and not nothing."""
        parsed = super().pre_parse_json(data)
        return {name: data[name] if value is None else value for name, value in parsed.items()}


async def _advise_on_number(error: ProvenaError, app: Application) -> None:
    """Say which item a bare number may mean, where nothing has it as its id."""
    if isinstance(error, NotFoundError) and error.item_id.isdigit():
        from provena_mcp.queries.items.bare_numbers import hint_for_numbers

        error.advice = await hint_for_numbers(app.reader(), [error.item_id]) or error.advice


def _build(annotation: Any, built: set[type[BaseModel]]) -> None:
    """Build the validators of every model in a type, each of which is made by itself first."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in built:
        built.add(annotation)
        annotation.model_rebuild()
        for field in annotation.model_fields.values():
            _build(field.annotation, built)
    for part in get_args(annotation):
        _build(part, built)


@lru_cache(maxsize=16)
def register(
    definitions: tuple[ToolDefinition, ...],
    *,
    local: bool = True,
    links: bool = False,
    mirrored: bool = False,
) -> tuple[ProvenaTool, ...]:
    """The SDK's tools for definitions.

    Remembered: they follow from the definitions alone.

    Args:
        definitions: The tools.
        local: Whether they offer to save files on this machine.
        links: Whether results carry links to the documents that they speak of.
        mirrored: Whether a mirror answers what it can.
    """
    return tuple(
        _register(definition, entry, local=local, links=links, mirrored=mirrored and is_mirrored(definition))
        for definition, entry in zip(definitions, shown(definitions), strict=True)
    )


def _register(
    definition: ToolDefinition, entry: Shown, *, local: bool, links: bool, mirrored: bool
) -> ProvenaTool:
    arguments, result = entry.arguments, entry.result
    if mirrored:
        arguments, result = with_fresh(arguments), with_age(result)
    if not local:
        properties = {name: part for name, part in arguments["properties"].items() if name != "save_as"}
        arguments = {**arguments, "properties": properties}
    return ProvenaTool(
        fn=definition.load,
        name=definition.name,
        title=definition.title,
        description=entry.description,
        parameters=arguments,
        fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=result),
        is_async=True,
        context_kwarg=None,
        annotations=definition.annotations,
        meta={"provena/toolset": definition.toolset, **_ui(definition)},
        links=links,
        mirrored=mirrored,
        result=lambda: definition.result_model,
    )


def _ui(definition: ToolDefinition) -> dict[str, Any]:
    return {"ui": {"resourceUri": definition.ui}} if definition.ui else {}


def _success(reply: Reply[Any], *, links: bool, age: str | None) -> CallToolResult:
    content = reply.result.model_dump(mode="json", exclude_none=True, by_alias=True)
    if age is not None:
        content[AGE] = age
    text = TextContent(text=to_json(content).decode())
    return CallToolResult(
        content=[text, *(reply.links if links else ())], structured_content=content, _meta=reply.meta
    )
