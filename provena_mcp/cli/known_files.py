"""``provena-mcp identify`` and ``check``: what files are, and whether they are fit to be used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text

from provena_mcp.cli.ask.conversation import ToolQuestion, present, put
from provena_mcp.cli.session import run
from provena_mcp.queries.recording.check_inputs import CheckInputsResult, InputCheck
from provena_mcp.queries.recording.identify_file import IdentifyFileResult, RegisteredUse
from provena_mcp.queries.recording.known_files import DatasetState
from provena_mcp.settings import read_settings
from provena_mcp.wire.items import JSON_OBJECT


def identify_question(file: str) -> ToolQuestion[IdentifyFileResult]:
    """What a file is; no if nothing is known of it."""
    return ToolQuestion(
        tool="identify_file",
        arguments={"file": _real(file)},
        read=IdentifyFileResult.model_validate,
        show=_shown_file,
        is_no=lambda result: not result.known,
        settings=_settings(),
    )


def check_question(
    files: Sequence[str], capture: str | None, allowed: Sequence[str]
) -> ToolQuestion[CheckInputsResult]:
    """Whether inputs are fit to be used; no if one has a problem that is not ``allowed``."""
    return ToolQuestion(
        tool="check_inputs",
        arguments={"files": [_real(file) for file in files], "capture": capture},
        read=CheckInputsResult.model_validate,
        show=_shown_check,
        is_no=lambda result: any(problem not in allowed for problem in result.counts),
        settings=_settings(),
    )


def is_fit(files: Sequence[str], allowed: Sequence[str]) -> bool:
    """Whether inputs are fit to be used, told on stderr where they are not.

    Raises:
        SystemExit: They could not be checked; with the exit code for that.
        ProvenaError: The check cannot be made with these settings.
    """
    question = check_question(files, None, allowed)
    asked = run(put(question, read_settings(), sample=False))
    if asked.outcome.is_error:
        sys.exit(present(question, asked, as_json=False, sample=False))
    result = question.read(JSON_OBJECT.validate_json(asked.text))
    if question.is_no(result):
        Console(stderr=True).print(question.show(result))
    return not question.is_no(result)


def _settings() -> dict[str, object]:
    # Whoever types the command may read what they name.
    return {"toolsets": "recording", "input_dirs": Path.cwd().anchor}


def _real(file: str) -> str:
    """A path without links, since a server follows none; what is no file is left as it was given."""
    return os.path.realpath(file) if Path(file).exists() else file


def _shown_file(result: IdentifyFileResult) -> RenderableType:
    return _of_lines(_lines_of(result))


def _lines_of(result: IdentifyFileResult) -> Iterator[str]:
    yield f"{result.file}"
    if result.sha256:
        yield f"  sha256 {result.sha256}" + (f", {result.size:,} bytes" if result.size is not None else "")
    for use in result.captures:
        handle = f", registered as {use.registered_as}" if use.registered_as else ""
        edited = ", EDITED since" if use.edited else ""
        yield f"  {use.was} by the {use.status} run {use.run!r} of {use.started}"
        yield f"    capture {use.capture}{handle}{edited}"
    for use in result.registered:
        yield from _use(use)
    if not result.known:
        yield "  not known: no capture and no registered run has this content"
    if result.changed:
        yield f"  changed: {result.changed}"
    for use in result.same_name or ():
        yield "  same name, other content:"
        yield from _use(use)
    yield f"  looked through {result.looked_through}" + ("" if result.complete else "; not all")
    if result.note:
        yield f"  {result.note}"


def _use(use: RegisteredUse) -> Iterator[str]:
    yield f"  {use.role} {use.file_name!r} of run {use.run.id} {use.run.name or ''}".rstrip()
    if use.dataset:
        yield from _dataset(use.dataset)


def _dataset(state: DatasetState) -> Iterator[str]:
    if state.unreadable:
        yield f"    dataset {state.id}: {state.unreadable}"
        return
    version = f" v{state.version}" if state.version else ""
    newer = f", superseded by {state.superseded_by}" if state.superseded_by else ""
    yield f"    in dataset {state.id} {state.name or ''}{version}, {state.release_status}{newer}"
    if state.restricted:
        yield f"    {state.restricted}"
    if state.used_by_count:
        yield f"    used by {state.used_by_count}: {', '.join(run.name or run.id for run in state.used_by)}"


def _shown_check(result: CheckInputsResult) -> RenderableType:
    lines = [line for check in result.inputs for line in _lines_of_check(check)]
    summary = ", ".join(f"{count} {problem}" for problem, count in result.counts.items()) or "all fine"
    tail = "" if result.complete else " (not all: there are more runs)"
    return _of_lines((*lines, f"{summary}; looked through {result.looked_through}{tail}"))


def _of_lines(lines: Iterable[str]) -> RenderableType:
    return Group(*map(Text, lines))


def _lines_of_check(check: InputCheck) -> Iterator[str]:
    dataset = f" ({check.dataset.id})" if check.dataset else ""
    yield f"{', '.join(check.problems) or 'fine':<12} {check.file}{dataset}"
    for evidence in check.problems.values():
        yield f"{'':<13}{evidence}"
