"""``provena-mcp draft``: recorded runs as registrations on the terminal, made after a yes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from mcp import Client, MCPError
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult

from provena_mcp.cli.failure_report import EXIT_OF, report_failure
from provena_mcp.cli.own_server import own_server
from provena_mcp.cli.session import run
from provena_mcp.cli.terminal import printable
from provena_mcp.commands.drafts.results import DraftModelRunsResult
from provena_mcp.commands.records.batch_preview import RegisterBatchModelRunsResult
from provena_mcp.embedded.sources import sample_captures
from provena_mcp.errors import ArgumentError, OperatorError
from provena_mcp.next_call import NextCall, naming_tools
from provena_mcp.queries.recording.documents import LAST
from provena_mcp.recording.capture_folder import captures_folder, stored_names
from provena_mcp.rules.text import plural
from provena_mcp.settings import Settings, read_settings
from provena_mcp.tools.error_results import Failure
from provena_mcp.wire.items import JSON_OBJECT, JsonObject

_MOST_TOKENS: Final = 20_000
_TOOLSETS: Final = "runs,curation,recording,jobs"
_OPEN: Final = 1
"""The exit code of a draft that cannot be registered as it is."""


@dataclass(frozen=True)
class DraftOptions:
    """What ``draft`` was asked; ``sources`` are captures by name, ``last``, and paths."""

    sources: Sequence[str]
    answers: Path | None
    steps: bool
    register: bool
    yes: bool
    as_json: bool
    sample: bool


def draft(options: DraftOptions) -> None:
    """Draft, show, and register where that is wanted; exits with 1 where it cannot be registered as it is.

    Raises:
        ProvenaError: Something given cannot be read, or the settings are wrong.
    """
    settings = read_settings()
    captures, crates = _captures_and_paths(options.sources or [LAST], settings, sample=options.sample)
    folders = dict.fromkeys(str(Path(crate).parent) for crate in crates)
    settings = settings.model_copy(
        update={
            "toolsets": _TOOLSETS,
            "max_result_tokens": _MOST_TOKENS,
            "input_dirs": os.pathsep.join(folders) or None,
        }
    )
    arguments: JsonObject = {"capture": [*captures], "crate": [*crates], "steps": options.steps}
    if options.answers is not None:
        arguments["answers"] = _answers(options.answers)
    code = run(_drafted(settings, arguments, options))
    if code:
        raise typer.Exit(code)


async def _drafted(settings: Settings, arguments: JsonObject, options: DraftOptions) -> int:
    async with Client(
        own_server(settings, sample=options.sample), elicitation_callback=_asks(options)
    ) as client:
        try:
            outcome = await client.call_tool("draft_model_runs", arguments)
            code = _shown(outcome, options)
            call = _next(outcome) if options.register and not code else None
            if call is None:
                return code
            done = await client.call_tool(call.tool, {**(call.arguments or {}), "confirm": True})
            return _registered(done)
        except MCPError as error:
            failure = OperatorError(error.error.message)
    raise failure


def _asks(options: DraftOptions) -> Any:
    async def ask(_: Any, question: ElicitRequestParams) -> ElicitResult:
        """Put the gate's question to whoever sits at the terminal."""
        typer.echo("\n" + "\n".join(map(printable, question.message.splitlines())))
        if options.yes or typer.confirm("\nWrite this to Provena?"):
            return ElicitResult(action="accept", content={"agree": True})
        return ElicitResult(action="decline")

    return ask


def _captures_and_paths(
    sources: Sequence[str], settings: Settings, *, sample: bool
) -> tuple[list[str], list[str]]:
    """Names of captures, and whole paths of everything else."""
    names = set(stored_names(captures_folder(settings.captures, Path.cwd())))
    shipped = sample_captures() if sample else None
    names |= set(stored_names(shipped)) if shipped else set()
    captures = [each for each in sources if each == LAST or each in names]
    paths = [Path(each).expanduser() for each in sources if each not in captures]
    for path in paths:
        if not path.exists():
            raise ArgumentError(
                f"{str(path)!r} is no capture and no file.",
                advice="Give last, a capture's name or the path of a crate.",
            )
    return captures, [str(path.resolve()) for path in paths]


def _answers(path: Path) -> JsonObject:
    try:
        return JSON_OBJECT.validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise ArgumentError(
            f"{str(path)!r} holds no JSON object of answers.",
            advice="Write an object as the questions show it.",
        ) from None


def _shown(outcome: CallToolResult, options: DraftOptions) -> int:
    if outcome.is_error:
        return _failed(outcome)
    result = DraftModelRunsResult.model_validate(outcome.structured_content)
    if options.as_json:
        typer.echo(json.dumps(outcome.structured_content, ensure_ascii=False))
    else:
        for line in (*_lines(result), *_ending(result, options)):
            typer.echo(printable(line))
    return 0 if result.reference or all(each.registered_as for each in result.runs) else _OPEN


def _next(outcome: CallToolResult) -> NextCall | None:
    result = DraftModelRunsResult.model_validate(outcome.structured_content)
    return result.next if result.reference else None


def _registered(outcome: CallToolResult) -> int:
    if outcome.is_error:
        return _failed(outcome)
    # What a single run's registration answers has no more than this that a batch's has not.
    result = RegisterBatchModelRunsResult.model_validate(outcome.structured_content)
    for created in result.created or ():
        typer.echo(printable(f"created     {created.id}  {created.name}"))
    for row in result.runs or ():
        typer.echo(printable(f"registered  {row.model_run_id or row.status}  {row.name or ''}"))
    typer.echo(printable(result.message))
    return 0 if result.status in ("succeeded", "submitted") else _OPEN


def _failed(outcome: CallToolResult) -> int:
    text = "".join(block.text for block in outcome.content if block.type == "text")
    failure = Failure.model_validate(JSON_OBJECT.validate_json(text)["error"])
    report_failure(failure.message, naming_tools(failure.next or ""), failure.provena_said)
    return EXIT_OF[failure.fault]


def _lines(result: DraftModelRunsResult) -> Iterator[str]:
    for each in result.runs:
        if each.registered_as:
            yield f"{each.recorded_as}: registered as {each.registered_as}"
            continue
        run_ = each.run
        template = run_.template.name or run_.template.id if run_ and run_.template else "none"
        yield f"{(run_.name if run_ else None) or each.recorded_as}  ({each.recorded_as})"
        yield f"  template  {template}"
        for file in each.files or ():
            known = "to be created" if file.known_by == "new" else f"known by its {file.known_by}"
            yield f"  {file.side:8}  {file.file} -> {file.dataset.name or file.dataset.id} ({known})"
        yield from (f"  uncertain {said}" for said in each.uncertain or ())
    if result.run_count:
        yield f"{plural(result.run_count, 'run')} in all: name fewer to see each of them"
    for item in result.to_create or ():
        yield f"to create   {item.name}: {item.why}"
    if result.create_count:
        yield f"to create   {plural(result.create_count, 'item')} in all"
    for question in result.questions or ():
        yield f"question    {question.ask}"
        yield f"            answer: {json.dumps(question.answer, ensure_ascii=False)}"
        yield from (f"            choice: {each.id} {each.name or ''}" for each in question.choices or ())
    if result.question_count:
        yield f"question    {plural(result.question_count, 'question')} in all"
    yield from (f"problem     {each.path}: {each.message}" for each in result.problems or ())
    yield from (f"left out    {each}" for each in result.left_out or ())
    yield from (f"note        {each}" for each in result.warnings or ())


def _ending(result: DraftModelRunsResult, options: DraftOptions) -> Iterator[str]:
    """What has become of the draft, unless that is only about to be decided."""
    if result.questions:
        yield "Nothing has been registered. Put the answers into one JSON object, and give it with --answers."
    elif result.reference and not options.register:
        yield "Nothing has been registered: --register does so, after asking."
    elif not result.reference:
        yield result.message
