"""Questions of the sample world that make documents, and those that register runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from evals.asking import Call, Question, Step, has, lacks, says, within
from evals.kinds import Asker
from evals.truth import Truth

HYDRODYNAMICS, RANKING_TEMPLATE = "sample/1000011", "sample/1000107"
RANKING, RANKING_BY_CORAL, COVER = "sample/1000117", "sample/1000120", "sample/1000112"
COVER_ROLE, VALUES_ROLE, RANKING_ROLE = "sample/1000055", "sample/1000103", "sample/1000105"


def documents_and_writing(ask: Asker) -> Iterator[Question]:
    """Those that write come last: they change the world."""
    yield from _documents(ask)
    yield from _registering(ask)
    yield from _from_csv(ask)


def _documents(ask: Asker) -> Iterator[Question]:
    truth = ask.truth
    runs = truth.runs_of_study("sample/1000109")
    yield ask.question(
        "report",
        "Write the close-out report of 'Where to restore first'.",
        [Call("generate_report", {"id": "sample/1000109"})],
        says("status", "succeeded"),
        has("outline.sections[].items[].name", *(truth.name(run) for run in runs)),
        lacks("outline.sections[].items[].name", truth.name("sample/1000042")),
        tokens=1500,
    )
    yield ask.question(
        "diagram",
        "Draw how the pilot currents came about.",
        [Call("open_document", {"uri": "provena://diagram/upstream/sample/1000015?depth=2"})],
        says("mime_type", "text/vnd.mermaid"),
        lacks("text", ""),
        tokens=1500,
    )
    yield ask.question(
        "template",
        "Give me the CSV to fill in for reef hydrodynamics runs.",
        [Call("generate_csv_template", {"workflow_template_id": HYDRODYNAMICS})],
        has("uri", f"provena://csv-template/{HYDRODYNAMICS}"),
        tokens=1500,
    )


_RANK_BY_CORAL: Final[dict[str, Any]] = {
    "workflow_template_id": RANKING_TEMPLATE,
    "display_name": "Rank sites by coral benefit, again",
    "description": "The ranking repeated with a newer ReefChoice.",
    "model_version": "1.2",
    "inputs": [
        {
            "dataset_template_id": COVER_ROLE,
            "dataset_id": COVER,
            "resources": {"cover_file": "cover_ssp585_outplant.nc"},
        }
    ],
    "outputs": [{"dataset_template_id": RANKING_ROLE, "dataset_id": RANKING_BY_CORAL}],
    "annotations": {"scenario": "ssp585", "horizon": "2035"},
    "associations": {"modeller_id": "sample/1000100"},
    "start_time": 1_742_000_000,
    "end_time": 1_742_003_600,
}


def _registering(ask: Asker) -> Iterator[Question]:
    yield ask.question(
        "register",
        "Register the hydrodynamics run I just did.",
        [Call("register_model_run", {"record": {"workflow_template_id": HYDRODYNAMICS}})],
        says("status", "preview"),
        says("ready", False),
        lacks("reference", ""),
        tokens=2500,
    )
    yield ask.question(
        "register",
        "Register my repeat of the ranking by coral benefit; here is all about it. Yes, go ahead.",
        [Call("register_model_run", {"record": _RANK_BY_CORAL}), _confirming("register_model_run")],
        says("ready", True, call=0),
        says("run.inputs[].name", ask.truth.name(COVER), call=0),
        says("status", "succeeded"),
        tokens=1500,
    )


def _from_csv(ask: Asker) -> Iterator[Question]:
    yield ask.question(
        "csv",
        "Check this CSV before I send it.",
        [_converting(_ranking_csv(ask.truth, dataset="sample/9", started="yesterday"))],
        says("new", 0),
        within("problems[].row", 1),
        lacks("reference", ""),
        tokens=1000,
    )
    yield ask.question(
        "csv",
        "Register the run in this CSV. Yes, go ahead.",
        [
            _converting(_ranking_csv(ask.truth)),
            lambda answers: Call(
                "register_batch_model_runs",
                {"reference": answers[0]["reference"], "expect_new": answers[0]["new"]},
            ),
            _confirming("register_batch_model_runs", expect_new=1),
        ],
        says("new", 1, call=0),
        says("existing", 0, call=0),
        says("ready", True, call=1),
        says("runs[].status", "succeeded"),
        tokens=1500,
    )


def _converting(content: str) -> Call:
    return Call("convert_model_runs", {"model_run_content": content})


def _confirming(tool: str, **more: Any) -> Step:
    """The call that confirms what the answer before it showed."""
    return lambda answers: Call(tool, {"reference": answers[-1]["reference"], "confirm": True, **more})


def _ranking_csv(truth: Truth, *, dataset: str = COVER, started: str = "2025-03-20 08:00:00+10:00") -> str:
    """One ranking run as a CSV (provena-http 8.1)."""

    def heading(side: str, role: str) -> str:
        return f"{side} dataset id for template: {truth.name(role)} [template id: {role}]"

    row = {
        f"_workflow template id {RANKING_TEMPLATE}": "",
        "display name": "Rank sites from a file",
        "description": "The ranking once more.",
        "model version (optional)": "",
        "agent id": "sample/1000100",
        "study id": "",
        "execution start time (YYYY-MM-DD HH:MM:SS+HH:MM)": started,
        "execution end time (YYYY-MM-DD HH:MM:SS+HH:MM)": "2025-03-20 09:00:00+10:00",
        heading("Input", COVER_ROLE): dataset,
        "Input resource: cover_file": "cover.nc",
        heading("Input", VALUES_ROLE): "sample/1000115",
        heading("Output", RANKING_ROLE): RANKING,
        "annotation: scenario": "ssp585",
        "annotation: horizon": "2035",
        "annotation: weights": "",
        "_job_id": "",
        "_job_status": "",
        "_model_run_record_id": "",
        "_error_info": "",
    }
    text = io.StringIO()
    csv.writer(text).writerows([row.keys(), row.values()])
    return text.getvalue()
