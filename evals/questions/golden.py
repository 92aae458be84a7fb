"""Questions of the recorded world: chains beyond ten hops, diamonds, two studies."""

from __future__ import annotations

from collections.abc import Iterator

from evals.asking import Question
from evals.counting import counted, runs, where
from evals.kinds import Asker


def _id(number: int) -> str:
    return f"10378.1/1000{number:03}"


FORCING, PARAMS_1, PARAMS_2 = _id(39), _id(41), _id(43)
HYDRO_1, HYDRO_3, CORAL_1, CONN_1 = _id(45), _id(49), _id(53), _id(59)
SUMMARY_1, SUMMARY_3, ISOLATED = _id(63), _id(67), _id(71)
RUN_1, RUN_2, RUN_5 = _id(75), _id(76), _id(81)
HYDRO_MODEL, MODELLER = _id(7), _id(4)
MAIN_STUDY, OTHER_STUDY = _id(37), _id(38)


def golden_questions(ask: Asker) -> Iterator[Question]:
    """About the world whose traffic was recorded."""
    yield ask.sources("Which datasets led to the first summary?", SUMMARY_1)
    yield ask.sources("Which datasets led to the last summary?", SUMMARY_3)
    yield ask.sources("Where does the isolated dataset come from?", ISOLATED, tokens=500)
    yield ask.derived("What was made from the forcing?", FORCING)
    yield ask.derived("What was made from the second parameters?", PARAMS_2)
    yield ask.credit("Who contributed to the first coral dataset?", CORAL_1)
    yield ask.concerned("Whom does an error in the forcing concern?", FORCING)
    yield ask.made_by("How was the first hydrodynamics dataset made?", HYDRO_1)
    yield ask.reach("What lies two steps upstream of run 5?", RUN_5, "upstream", 2)
    yield ask.reach("What came of the main study?", MAIN_STUDY, "downstream", 2)
    yield ask.impact("The first parameters are wrong. What is affected?", PARAMS_1)
    yield ask.impact("The hydrodynamics model has a bug. What is affected?", HYDRO_MODEL)
    yield ask.path("How does the forcing get into the last summary?", FORCING, SUMMARY_3)
    yield ask.path("How is the connectivity related to the forcing?", CONN_1, FORCING)
    yield ask.path("Is the isolated dataset related to the summary?", ISOLATED, SUMMARY_1)
    yield ask.compare("What differs between run 1 and run 2?", RUN_1, RUN_2)
    yield ask.study("What is in the main study?", MAIN_STUDY)
    yield ask.study("What is in the other study?", OTHER_STUDY)
    yield ask.listed(
        "Which datasets are there?",
        {"subtype": "DATASET"},
        ask.truth.of_kind("DATASET"),
        tokens=4000,
    )
    every = ask.truth.of_kind("MODEL_RUN")
    yield counted(ask, "Which models were run, and how often?", "model", every)
    yield counted(ask, "how many runs are in each study? and without one?", "study", every)
    yield runs(
        ask,
        "Which runs used the hydro model?",
        {"model": HYDRO_MODEL},
        frozenset(run for run in every if ask.truth.model_of(run) == HYDRO_MODEL),
    )
    yield runs(
        ask,
        "Does any run not say its model version?",
        {"model_version": "none"},
        where(ask, lambda record: not record.get("model_version")),
    )
