"""Says of inputs, before or after a run, whether they are known, unchanged, current and free to use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from provena_mcp.errors import ArgumentError, FileRefusedError, NotFoundError
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.recording.identify_file import changed_since
from provena_mcp.queries.recording.known_files import (
    DatasetState,
    KnownFile,
    KnownFiles,
    dataset_states,
    looked_through,
    read_known_files,
)
from provena_mcp.queries.recording.recordings import Recordings
from provena_mcp.queries.recording.sought import Sought, index_for, seek
from provena_mcp.recording.index import CaptureIndex, IndexedFile
from provena_mcp.rules.budgets import take_within
from provena_mcp.rules.text import clean

Problem = Literal[
    "unknown", "unregistered", "changed", "superseded", "unreleased", "restricted", "unreadable"
]

_ORDER: Final[tuple[Problem, ...]] = (
    *("unreadable", "changed", "unknown", "unregistered"),
    *("superseded", "unreleased", "restricted"),
)
_LONGEST_PATH: Final = 4_096
_INPUT_TOKENS: Final = 3_600


class InputCheck(Brief):
    """One input: the problems it has, each with what it rests on; none if it is as it should be."""

    file: str
    sha256: str | None = None
    problems: dict[Problem, str] = Field(default={}, description="Problem -> evidence.")
    run: str | None = Field(default=None, description="A registered run that keeps its hash.")
    dataset: DatasetState | None = None


class CheckInputsResult(Brief):
    """Whether inputs are fit to be used."""

    fine: bool = Field(description="No input has a problem.")
    counts: dict[Problem, int] = Field(default={}, description="Inputs by problem.")
    inputs: tuple[InputCheck, ...]
    input_count: int | None = Field(default=None, description="All inputs, if not all are shown.")
    looked_through: str
    complete: bool = Field(description="Whether all registered runs were looked at.")


async def check_inputs(
    reader: Reader, recordings: Recordings | None, files: Sequence[str] | None, capture: str | None
) -> CheckInputsResult:
    """Check files, or the inputs of a captured run.

    Raises:
        ArgumentError: Neither or both are given, or a path to a server that others use too.
        FileRefusedError: A file is not there, or may not be read.
        NotFoundError: There is no such capture.
        ProvenaError: The registry cannot be asked.
    """
    if (capture is None) == (not files):
        raise ArgumentError("Give either files or a capture.", parameter="files")
    if capture is not None:
        sought, index = await _of_capture(capture, recordings)
    else:
        sought = await seek(files or (), recordings, "files")
        index = await index_for(sought, recordings)
    known = await read_known_files(reader, {each.sha256 for each in sought if each.sha256})
    found = {each.given: _best(known, each) for each in sought}
    ids = [each.dataset_id for each in found.values() if each and each.dataset_id]
    states = await dataset_states(reader, ids)
    checks = tuple(_check(each, found[each.given], index, known, states) for each in sought)
    counts = Counter(problem for check in checks for problem in check.problems)
    return CheckInputsResult(
        fine=not counts,
        counts={problem: counts[problem] for problem in _ORDER if counts[problem]},
        inputs=checks,
        looked_through=looked_through(index.captures, known),
        complete=known.complete,
    )


def shortened(checked: CheckInputsResult) -> CheckInputsResult:
    """As much as fits into one answer: inputs with problems first."""
    shown = take_within(sorted(checked.inputs, key=lambda each: not each.problems), _INPUT_TOKENS)
    if len(shown) == len(checked.inputs):
        return checked
    return checked.model_copy(update={"inputs": shown, "input_count": len(checked.inputs)})


async def _of_capture(name: str, recordings: Recordings | None) -> tuple[tuple[Sought, ...], CaptureIndex]:
    """The inputs of a capture, as they were; those that are another thing now, or gone, say so."""
    if recordings is None:
        raise ArgumentError(
            "This server cannot see your captures.", parameter="capture", advice="Give files' SHA-256."
        )
    index = await index_for((), recordings)
    wanted = Path(name.rstrip("/")).name
    inputs = [file for file in index.files if file.capture.name == wanted and file.role == "input"]
    if not any(file.capture.name == wanted for file in index.files):
        raise NotFoundError(
            f"There is no capture {name[:120]!r} with files.",
            advice="Captures are the folders in .provena/captures, or in PROVENA_CAPTURES.",
        )
    return tuple([await _as_captured(file, recordings) for file in inputs]), index


async def _as_captured(file: IndexedFile, recordings: Recordings) -> Sought:
    """An input as the run read it, which is what is asked about, and whether it still is."""
    try:
        (now,) = await seek([file.path], recordings, "capture")
    except FileRefusedError as error:
        return Sought(file.path, file.path, file.sha256, problem=error.message)
    if file.sha256 in (None, now.sha256) or now.problem:
        return now
    return Sought(file.path, file.path, file.sha256, problem="It has changed since the run", changed=True)


def _best(known: KnownFiles, sought: Sought) -> KnownFile | None:
    """The registered file of this content: one whose dataset is stated, if there is one."""
    files = known.by_hash.get(sought.sha256 or "", ())
    return next((each for each in files if each.dataset_id), files[0] if files else None)


def _check(
    sought: Sought,
    registered: KnownFile | None,
    index: CaptureIndex,
    known: KnownFiles,
    states: Mapping[str, DatasetState],
) -> InputCheck:
    state = states.get(registered.dataset_id or "") if registered else None
    found = dict(_problems(sought, registered, index, known))
    return InputCheck(
        file=clean(sought.given, _LONGEST_PATH),
        sha256=sought.sha256,
        problems={**found, **(dict(_problems_of(state)) if state else {})},
        run=registered.run.id if registered else None,
        dataset=state,
    )


def _problems(
    sought: Sought, registered: KnownFile | None, index: CaptureIndex, known: KnownFiles
) -> Iterator[tuple[Problem, str]]:
    if sought.problem:
        yield ("changed" if sought.changed else "unreadable"), sought.problem.rstrip(".") + "."
    if registered or sought.sha256 is None:
        return
    if before := changed_since(sought, index):
        yield "changed", before
    elif alike := known.by_name.get(sought.name, ()):
        yield "changed", f"{alike[0].run.id} keeps a file of this name with other content."
    written = [file for file in index.with_hash(sought.sha256) if file.role == "output"]
    if written:
        yield "unregistered", f"The capture {written[0].capture.name} wrote it; no registered run keeps it."
    else:
        yield "unknown", "No registered run keeps its hash, and no capture wrote it."


def _problems_of(state: DatasetState) -> Iterator[tuple[Problem, str]]:
    if state.unreadable:
        yield "unreadable", f"Its dataset {state.id}: {state.unreadable}"
        return
    if state.superseded_by:
        yield "superseded", f"{state.id} has a newer version, {state.superseded_by}."
    if state.release_status != "RELEASED":
        yield "unreleased", f"{state.id} is {state.release_status}."
    if state.restricted:
        yield "restricted", f"{state.id}: {state.restricted}"
