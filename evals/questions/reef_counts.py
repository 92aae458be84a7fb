"""Questions of the sample world that count, as users put them: vague, misspelt, mistaken."""

from __future__ import annotations

from collections.abc import Iterator

from evals.asking import Question
from evals.building import at as on
from evals.counting import counted, runs, runs_of_found, where
from evals.kinds import Asker

_LAGOONFLOW, _CURRENTS, _OLD_BATHYMETRY = "sample/1000006", "sample/1000041", "sample/1000013"
_MAREN, _ROSA, _TAVITA, _FUTURES = "sample/1000005", "sample/1000001", "sample/1000032", "sample/1000077"


def reef_counts(ask: Asker) -> Iterator[Question]:
    """How many, whose, of which model."""
    truth = ask.truth
    every = truth.of_kind("MODEL_RUN")
    lagoon = frozenset(run for run in every if truth.model_of(run) == _LAGOONFLOW)
    yield counted(ask, "who does most of the modelling here?", "modeller", every)
    yield counted(ask, "Runs per study, biggest first", "study", every)
    yield counted(ask, "in which months were models run?", "month", every)
    yield counted(ask, "LagoonFlow: which versions, how often?", "model_version", lagoon, model=_LAGOONFLOW)
    yield counted(
        ask,
        "Which workflow templates does Reef futures use, how often each?",
        "workflow_template",
        truth.runs_of_study(_FUTURES),
        study_id=_FUTURES,
    )

    def ran(person: str) -> frozenset[str]:
        return where(ask, lambda record: record["associations"]["modeller_id"] == person)

    yield runs(ask, "everything Maren Holt ran", {"modeller": "Maren Holt"}, ran(_MAREN))
    # She manages data and ran nothing.
    yield runs(ask, "Which models did Rosa Whitcombe run?", {"modeller": _ROSA}, ran(_ROSA))
    yield runs_of_found(
        ask, "what did tavita leotta run", "tavita leotta", "PERSON", "modeller", ran(_TAVITA)
    )
    yield runs(ask, "which run made the currents of 2016-2019", {"made": _CURRENTS}, truth.makers(_CURRENTS))
    yield runs(
        ask,
        "runs on the old bathymetry, please",
        {"used": _OLD_BATHYMETRY},
        frozenset(run for run in every if _OLD_BATHYMETRY in truth.inputs(run)),
    )
    yield runs(
        ask,
        "Are there runs that belong to no study?",
        {"study_id": "none"},
        where(ask, lambda record: not record.get("study_id")),
    )
    yield runs(
        ask,
        "Has anything run in 2025?",
        {"after": "2025-01-01"},
        where(ask, lambda record: record["end_time"] > on("2025-01-01", 0)),
    )
