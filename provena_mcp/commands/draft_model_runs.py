"""Recorded runs -> a registration to be previewed: records, what has to be created, what has to be asked.

Nothing is sent. The reference of the result is one that the registering tools take: theirs is the only gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from anyio import to_thread

from provena_mcp.commands.captured_runs import note_captures
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.drafts.draft_answer import draft_answer, registered_answer
from provena_mcp.commands.drafts.drafted import RunInDocument, draft_runs
from provena_mcp.commands.drafts.identities import handled, handles_in
from provena_mcp.commands.drafts.proposed_records import recorded_as
from provena_mcp.commands.drafts.results import DraftModelRunsResult
from provena_mcp.crates.recorded_runs import RecordedRun, RecordedRuns, RecordedSource
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.recording.registry_view import RegistryView, read_registry_view
from provena_mcp.rules.records.annotations import RECORDED_AS, annotation_key
from provena_mcp.wire.items import JsonObject

MOST_RUNS: Final = 1_000
_ANSWERS: Final = ("organisation", "datasets", "items", "runs", "workflow_template_id")
_MAY_BE_TEXT: Final = ("organisation", "workflow_template_id")


async def draft_model_runs(
    context: WriteContext, documents: Sequence[RecordedRuns], answers: JsonObject, *, steps: bool = False
) -> DraftModelRunsResult:
    """Draft the runs of documents; their records and what these need are a registration to preview.

    Args:
        context: Of the caller.
        documents: What was recorded.
        answers: What the user has said: ``datasets``, ``items`` and ``runs`` hold JSON merge patches of all
            new datasets, of planned items by subtype and name, and of records by the run's name (``*`` for
            all); ``organisation`` is that of new datasets, by handle or as a new one;
            ``workflow_template_id`` the template to follow, or ``new``.
        steps: Draft the steps of workflows, not the whole.

    Raises:
        ArgumentError: Too many runs, or an answer to something that is not asked.
        ProvenaError: The registry could not be read.
    """
    _check_answers(answers)
    runs, steps_left_out = _chosen(documents, steps=steps)
    handles = handles_in(run for run, _ in runs)
    view = await read_registry_view(context.reader, handles, _annotations_kept_of(runs))
    registered = [(recorded_as(source, run), _registered(run, source, view)) for run, source in runs]
    known = {name: handle for name, handle in registered if handle}
    answer = registered_answer(documents, known, steps_left_out)
    warnings = await to_thread.run_sync(_note_found, runs, [handle for _, handle in registered])
    answer = answer.model_copy(update={"warnings": warnings or None})
    wanted = [each for each, (_, handle) in zip(runs, registered, strict=True) if handle is None]
    if not wanted:
        return answer
    return await draft_answer(context, answer, await draft_runs(context, wanted, answers, view), view)


def _annotations_kept_of(runs: Sequence[RunInDocument]) -> Iterator[str]:
    """What a registered run would keep: where each run was recorded, then the hashes of its files."""
    yield from (recorded_as(source, run) for run, source in runs)
    files = (file for run, _ in runs for file in (*run.inputs, *run.outputs))
    yield from dict.fromkeys(annotation_key(file.sha256) for file in files if file.sha256)


def _note_found(runs: Sequence[RunInDocument], handles: Sequence[str | None]) -> tuple[str, ...]:
    """Note beside captures what they became, where whoever registered them did not wait for it."""
    folders: JsonObject = {
        str(number): source.folder
        for number, (run, source) in enumerate(runs)
        if source.folder is not None and run.handle is None
    }
    found = {number: handle for number, handle in enumerate(handles) if handle is not None}
    return note_captures({"captures": folders}, found)


def _check_answers(answers: JsonObject) -> None:
    for key, value in answers.items():
        is_text = isinstance(value, str) and key in _MAY_BE_TEXT
        if key not in _ANSWERS or not (is_text or isinstance(value, dict)):
            raise ArgumentError(
                f"answers has nothing called {key[:40]!r} of this form.",
                parameter="answers",
                advice=f"Give {', '.join(_ANSWERS)}, each as a question's answer shows it.",
            )


def _chosen(documents: Sequence[RecordedRuns], *, steps: bool) -> tuple[tuple[RunInDocument, ...], int]:
    """The runs to draft with their documents, and how many steps are left out."""
    every = [(run, document.source) for document in documents for run in document.runs]
    ids = {run.id for run, _ in every}
    parts = {run.part_of for run, _ in every}
    if steps:
        chosen = [each for each in every if each[0].id not in parts]
    else:
        chosen = [each for each in every if each[0].part_of is None or each[0].part_of not in ids]
    if len(chosen) > MOST_RUNS:
        raise ArgumentError(
            f"There are {len(chosen):,} runs; at most {MOST_RUNS:,} are drafted at once.",
            advice="Give fewer documents.",
        )
    return tuple(chosen), 0 if steps else len(every) - len(chosen)


def _registered(run: RecordedRun, source: RecordedSource, view: RegistryView) -> str | None:
    """The registered run that this one is: by what recorded it, else by the handle it carries.

    The handle beside a capture may be one of another registry, whose runs are numbered alike.
    """
    found = view.runs_with(RECORDED_AS, recorded_as(source, run))
    if found:
        return found[0].id
    carried = run.handle is not None and handled(run.handle, "MODEL_RUN", view)
    return run.handle if carried and source.folder is None else None
