"""Questions of the river-flood programme: what a file is, whether inputs are fit, what a run becomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.asking import Call, Question, has, lacks, mentions, says
from evals.kinds import Asker
from evals.river import digest, known_file, other_file, recorded


def river_questions(ask: Asker) -> Iterator[Question]:
    """About recording."""
    yield from _files(ask)
    yield from _inputs(ask)
    yield from _drafts(ask)
    yield from _from_others(ask)


def _question(
    ask: Asker, asks: str, tool: str, arguments: dict[str, Any], *facts: Any, **more: Any
) -> Question:
    return ask.question("recording", asks, [Call(tool, arguments)], *facts, **more)


def _files(ask: Asker) -> Iterator[Question]:
    ids = ask.world.ids
    yield _question(
        ask,
        "Which run made this discharge file, and who used it since?",
        "identify_file",
        {"file": digest("discharge.nc")},
        says("known", True),
        has("registered[].run.id", ids["runoff 2023"], ids["inundation 2023"]),
        has("registered[].dataset.id", ids["discharge"]),
    )
    yield _question(
        ask,
        "Is the rain file I have still the current one?",
        "identify_file",
        {"file": f"sha256:{digest('rain.csv')}"},
        has("registered[].dataset.superseded_by", ids["rain corrected"]),
    )
    yield _question(
        ask,
        "Has anybody ever registered a file with this hash?",
        "identify_file",
        {"file": digest("nobody's")},
        says("known", False),
        says("registered", 0),
        says("complete", True),
        tokens=300,
    )


def _inputs(ask: Asker) -> Iterator[Question]:
    files = [digest("rain.csv"), digest("catchment.tif"), digest("discharge.nc"), digest("nobody's")]
    yield _question(
        ask,
        "May I run with this rain, this catchment and this discharge, or is something wrong with them?",
        "check_inputs",
        {"files": files[:3]},
        says("fine", False),
        says("counts.superseded", 1),
        says("counts.unreleased", 1),
    )
    yield _question(
        ask,
        "Is the discharge of 2023 fit to be used?",
        "check_inputs",
        {"files": [files[2]]},
        says("fine", True),
        tokens=600,
    )
    yield _question(
        ask,
        "Is this file anything that Provena knows?",
        "check_inputs",
        {"files": [files[3]]},
        says("counts.unknown", 1),
        tokens=500,
    )


def _drafts(ask: Asker) -> Iterator[Question]:
    ids = ask.world.ids
    again = recorded(known_file("rain.csv"), known_file("catchment.tif"), known_file("discharge.nc"))
    new = recorded(known_file("rain.csv"), known_file("catchment.tif"), other_file("discharge-2024.nc"))
    yield _question(
        ask,
        "Record this run: which template does it follow and which datasets did it use?",
        "draft_model_runs",
        {"crate": again},
        says("runs[].run.template.id", ids["run runoff"]),
        says("runs[].run.inputs[].id", ids["rain"], ids["catchment"]),
        says("runs[].run.outputs[].id", ids["discharge"]),
        says("runs[].files[].known_by", "hash"),
        says("next.tool", "register_model_run"),
    )
    yield _question(
        ask,
        "Who ran it, and with which version of the model?",
        "draft_model_runs",
        {"crate": recorded(known_file("rain.csv"), known_file("discharge.nc"), description="Again")},
        says("runs[].run.modeller.id", ask.world.persons["ben"]),
        says("runs[].run.model_version", "v2.1"),
        mentions("'Ben Okoro' was taken for the only person of this name."),
    )
    yield _question(
        ask,
        "This run made a file that is new: what has to be created, and what do you need to know?",
        "draft_model_runs",
        {"crate": new},
        says("to_create[].name", "DATASET discharge-2024.nc"),
        mentions("Under which licence are the new datasets", path="questions"),
        lacks("next.tool", "register_model_run", "register_batch_model_runs"),
    )
    yield _question(
        ask,
        "Record the run of somebody whom Provena does not know.",
        "draft_model_runs",
        {"crate": recorded(known_file("rain.csv"), known_file("discharge.nc"), person="Cleo Park")},
        has("to_create[].name", "PERSON Cleo Park"),
        mentions("Has this person consented to being recorded? Never assume it.", path="questions"),
        never=frozenset({ask.world.persons["ana"], ask.world.persons["ben"]}),
    )
    yield _question(
        ask,
        "Record a run of which nobody noted when it began.",
        "draft_model_runs",
        {
            "crate": recorded(
                known_file("rain.csv"), known_file("catchment.tif"), known_file("discharge.nc"), startTime=""
            )
        },
        has("questions[].answer.runs.*.start_time", "ISO 8601 with offset"),
    )
    yield _question(
        ask,
        "This run failed half-way: is that said?",
        "draft_model_runs",
        {
            "crate": recorded(
                known_file("rain.csv"),
                known_file("catchment.tif"),
                known_file("discharge.nc"),
                actionStatus="http://schema.org/FailedActionStatus",
                error="disk full",
            )
        },
        has("runs[].uncertain[]", "The run is recorded as failed: disk full."),
    )


def _from_others(ask: Asker) -> Iterator[Question]:
    ids = ask.world.ids
    named = recorded(
        other_file("in/x1.csv", name="Gauge rain 2023", identifier=f"hdl:{ids['rain corrected']}"),
        other_file("in/upper.tif", name="Upper catchment"),
        other_file("out.nc", name="Discharge 2023"),
    )
    yield _question(
        ask,
        "Bring in this crate; by what do you know its datasets?",
        "draft_model_runs",
        {"crate": named},
        says(
            "runs[].files[].file&known_by",
            "Gauge rain 2023 handle",
            "Upper catchment name",
            "Discharge 2023 name",
        ),
    )
    prov = {
        "prefix": {"default": "http://hdl.handle.net/"},
        "activity": {ids["runoff 2023"]: {"item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"}},
        "entity": {ids["rain"]: {"item_category": "ENTITY", "item_subtype": "DATASET"}},
        "used": {"_:1": {"prov:activity": ids["runoff 2023"], "prov:entity": ids["rain"]}},
    }
    yield _question(
        ask,
        "Is the run in this PROV document registered already?",
        "draft_model_runs",
        {"crate": prov},
        says("runs[].registered_as", ids["runoff 2023"]),
        tokens=400,
    )
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2025-02-01T00:00:00Z",
        "run": {"runId": "0190-1"},
        "job": {"namespace": "basin", "name": "inundation"},
        "producer": "https://example.org/airflow",
        "inputs": [{"namespace": "file", "name": "/data/Discharge 2023"}],
        "outputs": [],
    }
    yield _question(
        ask,
        "Which dataset did this Airflow task read, and when did it start?",
        "draft_model_runs",
        {"crate": [event]},
        has("runs[].files[].dataset.id", ids["discharge"]),
        mentions("start_time", path="questions"),
    )
    yield _question(
        ask,
        "Record what is in this file (a CSV by mistake).",
        "draft_model_runs",
        {"crate": "a,b\n1,2\n"},
        mentions("This server cannot see your files"),
        fails=True,
        tokens=300,
    )
