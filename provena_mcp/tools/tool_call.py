"""One call of a tool: arguments made strict, a typed result, and one door for errors."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from itertools import takewhile
from typing import Any, Final, get_args

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import CallToolResult, InputRequiredResult, TextContent
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from provena_mcp.application import Application, asking_deployment
from provena_mcp.errors import ArgumentError, LoginPendingError, NotFoundError, ProvenaError
from provena_mcp.tools.definition import Reply
from provena_mcp.tools.error_results import failure_result
from provena_mcp.tools.login_elicitation import Attempt, after_login
from provena_mcp.tools.mirrored import AGE, age_of, note_age, wants_deployment, without_fresh

# Older revisions have no links in results, and their clients fail to read them.
_LINKS_SINCE: Final = "2025-06-18"

# Names of the Provena Python client that users and models bring along.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "file_path": "save_as",
    "write_to_csv": "save_as",
    "id": "item_id",
    "handle": "item_id",
    "handle_id": "item_id",
}


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
        from_mirror, age = False, None
        try:
            from_mirror = self.mirrored and not wants_deployment(arguments)
            if from_mirror and app.mirror:
                await app.mirror.check()
            with asking_deployment(not from_mirror):
                outcome = await self._logged_in(partial(self._attempt, arguments, context), context)
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

    async def _logged_in(self, attempt: Attempt, context: Any) -> Any:
        """What the attempt comes to; what only reads is tried again once the user has logged in."""
        try:
            return await attempt()
        except LoginPendingError as pending:
            if self.annotations is None or not self.annotations.read_only_hint:
                raise
            return await after_login(pending, attempt, context)

    async def _attempt(self, arguments: dict[str, Any], context: Any) -> Any:
        accepted = self.parameters["properties"]
        arguments = normalise_arguments(arguments, accepted, self.parameters.get("required", ()))
        if self.mirrored:
            arguments = without_fresh(arguments)
        try:
            return await self.made.run(arguments, context, convert_result=False)
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


def _success(reply: Reply[Any], *, links: bool, age: str | None) -> CallToolResult:
    content = reply.result.model_dump(mode="json", exclude_none=True, by_alias=True)
    if age is not None:
        content[AGE] = age
    text = TextContent(text=to_json(content).decode())
    return CallToolResult(
        content=[text, *(reply.links if links else ())], structured_content=content, _meta=reply.meta
    )


def normalise_arguments(
    given: Mapping[str, Any], accepted: Collection[str], required: Collection[str]
) -> dict[str, Any]:
    """The arguments to validate: optional ones that are null, blank or an empty list are dropped.

    Raises:
        ArgumentError: A name is not one of ``accepted``; the nearest name is given.
    """
    for name in given:
        if name not in accepted:
            raise _unknown(name, accepted)
    return {name: value for name, value in given.items() if name in required or not _is_absent(value)}


def invalid_arguments(error: ValidationError) -> ArgumentError:
    """All that is wrong with a call's arguments, in one error that echoes no value."""
    complaints: list[str] = []
    first = ""
    for problem in error.errors(include_url=False, include_input=False):
        path = _path(problem["loc"])
        first = first or path
        complaints.append(f"{path}: {problem['msg']}" if path else problem["msg"])
    return ArgumentError(
        "; ".join(complaints),
        parameter=first,
        advice="Correct what is named here and call again; the tool's input schema lists what it accepts.",
    )


def _unknown(name: str, accepted: Collection[str]) -> ArgumentError:
    meant = _OTHER_NAMES.get(name)
    if meant not in accepted:
        nearest = difflib.get_close_matches(name, accepted, n=1, cutoff=0.4)
        meant = nearest[0] if nearest else None
    advice = f"Did you mean {meant!r}? " if meant else ""
    return ArgumentError(
        f"There is no argument {name[:40]!r}.",
        parameter=name[:40],
        advice=f"{advice}Accepted: {', '.join(sorted(accepted))}.",
    )


def _is_absent(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _path(location: tuple[int | str, ...]) -> str:
    """The argument, and which entry of its list; what follows are the types that were tried."""
    name, *rest = location or ("",)
    entries = takewhile(lambda part: isinstance(part, int), rest)
    return f"{name}{''.join(f'[{entry}]' for entry in entries)}"
