"""Puts a question to the server as an assistant would, and shows the answer to a person or a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent
from rich.console import Console, RenderableType
from rich.text import Text

from provena_mcp.cli.ask.names import ItemFinder
from provena_mcp.cli.ask.next_commands import as_command, follow_ups, naming_commands
from provena_mcp.cli.ask.parts import remark
from provena_mcp.cli.failure_report import EXIT_OF, report_failure
from provena_mcp.cli.own_server import own_server
from provena_mcp.errors import Fault, OperatorError, ProvenaError
from provena_mcp.next_call import NextCall, ToolName, naming_tools
from provena_mcp.settings import Settings
from provena_mcp.tools.error_results import Failure
from provena_mcp.tools.mirrored import AGE
from provena_mcp.wire.items import JSON_OBJECT, JsonObject

ResultT = TypeVar("ResultT")

IS_NO: Final = 1
"""The exit code of an answer that is no: nothing found, no path, not repeatable, not the same."""

# A terminal has room for all that a call may answer, and no model pays for it; unless it is set otherwise.
_MOST_TOKENS: Final = 20_000
_TOOLSETS: Final = "lineage,answers,registry"


@dataclass(frozen=True)
class ToolQuestion(Generic[ResultT]):
    """A call, and how its answer is shown.

    Attributes:
        tool: The tool that answers.
        arguments: Its arguments; those that are none are not sent.
        read: Makes the result of the answer's JSON.
        show: Draws it.
        is_no: Whether an answer says no.
        items: The arguments that name items, by id or by name.
        settings: What the server is set to beside the usual.
        fault_in: Whose fault it is that an answer lacks something; none if it lacks nothing.
    """

    tool: ToolName
    arguments: Mapping[str, object]
    read: Callable[[JsonObject], ResultT]
    show: Callable[[ResultT], RenderableType]
    is_no: Callable[[ResultT], bool] = lambda _: False
    items: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    fault_in: Callable[[ResultT], Fault | None] = lambda _: None


@dataclass(frozen=True)
class Asked:
    """A call as it was made, and its outcome."""

    call: NextCall
    outcome: CallToolResult

    @property
    def text(self) -> str:
        """The tool's JSON, as it came."""
        return "".join(block.text for block in self.outcome.content if isinstance(block, TextContent))


async def put(question: ToolQuestion[ResultT], settings: Settings, *, sample: bool) -> Asked:
    """Ask; a failure of the tool is an outcome too.

    Raises:
        ArgumentError: No one item has a name that was given.
        ProvenaError: The server cannot be built from these settings.
    """
    budget = {} if "max_result_tokens" in settings.model_fields_set else {"max_result_tokens": _MOST_TOKENS}
    wanted = {"toolsets": _TOOLSETS, "read_only": True, **budget, **question.settings}
    server = own_server(settings.model_copy(update=wanted), sample=sample)
    asked: Asked | ProvenaError
    async with Client(server) as client:
        try:
            arguments = await ItemFinder(client).resolved(_given(question.arguments), question.items)
            outcome = await client.call_tool(question.tool, arguments)
        except ProvenaError as error:
            asked = error
        except MCPError as error:
            asked = OperatorError(error.error.message)
        else:
            asked = Asked(NextCall(tool=question.tool, arguments=arguments), outcome)
    # Raised here: out of the client's task groups it would come wrapped.
    if isinstance(asked, ProvenaError):
        raise asked
    return asked


def present(question: ToolQuestion[ResultT], asked: Asked, *, as_json: bool, sample: bool) -> int:
    """Print the answer, or on stderr why there is none; the exit code."""
    if as_json:
        sys.stdout.write(asked.text + "\n")
    if asked.outcome.is_error:
        failure = Failure.model_validate(JSON_OBJECT.validate_json(asked.text)["error"])
        report_failure(failure.message, _advice(failure), failure.provena_said)
        return EXIT_OF[failure.fault]
    answer = JSON_OBJECT.validate_json(asked.text)
    age = answer.pop(AGE, None)
    result = question.read(answer)
    if not as_json:
        console = Console()
        console.print(question.show(result))
        if age:
            console.print(remark(f"From a mirror; its age: {age}"))
        _propose(console, list(follow_ups(answer, asked.call)), sample=sample)
    if fault := question.fault_in(result):
        return EXIT_OF[fault]
    return IS_NO if question.is_no(result) else 0


def _given(arguments: Mapping[str, object]) -> JsonObject:
    return JSON_OBJECT.validate_python(
        {name: value for name, value in arguments.items() if value not in (None, (), [])}
    )


def _advice(failure: Failure) -> str:
    return naming_commands(naming_tools(failure.next or ""))


def _propose(console: Console, calls: list[NextCall], *, sample: bool) -> None:
    """Print what to ask next, each on a line of its own that can be copied whole."""
    for place, call in enumerate(calls):
        command = as_command(call, sample=sample)
        if command:
            console.print(remark(f"{'' if place else chr(10)}{call.why or 'next'}:"))
            console.print(Text(command, style="cyan"), soft_wrap=True)
