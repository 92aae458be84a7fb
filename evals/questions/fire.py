"""Questions of the fire-weather programme: ``evals/fire_weather.py`` says what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from evals.asking import Call, Question, has, lacks, says
from evals.kinds import Asker
from evals.questions.fire_counts import fire_counts
from evals.questions.fire_details import fire_details
from evals.questions.fire_doubts import fire_doubts


def fire_questions(ask: Asker) -> Iterator[Question]:
    """About an invented fire-weather programme."""
    yield from _lineage(ask)
    yield from _impact_and_paths(ask)
    yield from _runs(ask)
    yield from _finding(ask)
    yield from fire_counts(ask)
    yield from fire_details(ask)
    yield from fire_doubts(ask)


def _lineage(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids
    yield ask.sources("What did the smoke exposure of Black Ridge come from?", at["smoke baseline"])
    yield ask.sources("Which data are behind the score of the late wind change?", at["score late change"])
    yield ask.sources("Where does the global forecast come from?", at["forecast"], tokens=500)
    yield ask.derived("What was made from the station observations?", at["stations"])
    yield ask.derived("What came of the January 2020 grid?", at["grid jan"])
    yield ask.credit("Who contributed to the smoke exposure?", at["smoke baseline"])
    yield ask.concerned("Whom must I tell that the December grid is wrong?", at["grid dec"])
    yield ask.made_by("How was the January 2020 weather grid made?", at["grid jan"])
    yield ask.made_by("How were the perimeters of the autumn burn made?", at["perimeter burn"])
    yield ask.reach("What lies three steps behind the autumn burn?", at["perimeter burn"], "upstream", 3)
    yield ask.reach("What came of the outlook, two steps on?", at["outlook"], "downstream", 2)


def _impact_and_paths(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids
    yield ask.impact("The first fuel map was wrong. What is affected?", at["fuel"])
    yield ask.impact("There is a bug in TinderBox. What is affected?", at["TinderBox"])
    yield ask.impact("Does anything depend on the lookout cameras?", at["cameras"], tokens=1000)
    yield ask.impact("The run without stations was a mistake. What is touched?", at["downscale jan again"])
    yield ask.path("How do the stations get into the smoke exposure?", at["stations"], at["smoke baseline"])
    yield ask.path("How is the score related to the fuel map?", at["score baseline"], at["fuel"])
    yield ask.path("Have the cameras anything to do with the smoke?", at["cameras"], at["smoke baseline"])


def _runs(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids
    yield ask.compare(
        "Why do the two Black Ridge perimeters differ?", at["spread baseline"], at["spread late change"]
    )
    yield ask.compare(
        "What is different about the second run of January 2020?",
        at["downscale jan"],
        at["downscale jan again"],
    )
    yield ask.study("What is in 'Smoke over the valley towns'?", at["towns"])
    yield ask.study("Which runs make up the outlook?", at["outlook"], tokens=3000)
    yield ask.study("Has the planning of prescribed burns begun?", at["burns"])
    yield ask.next_to(
        "Which runs used Emberline?",
        at["Emberline"],
        ask.truth.where("MODEL_RUN", lambda run: ask.truth.model_of(run["id"]) == at["Emberline"]),
    )
    yield ask.next_to(
        "Which runs used the second fuel map?",
        at["fuel 2"],
        ask.truth.where("MODEL_RUN", lambda run: at["fuel 2"] in ask.truth.inputs(run["id"])),
    )


def _finding(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    yield ask.question(
        "same name",
        "Show me the fuel map of the ranges.",
        [Call("search_items", {"query": "fuel map of the ranges", "subtype": "DATASET", "limit": 3})],
        has("items[].id", at["fuel"], at["fuel 2"]),
        lacks("items[].id", at["cameras"]),
        tokens=1500,
    )
    yield ask.question(
        "versions",
        "Is there a newer version of the station observations, and why?",
        [Call("fetch_items", {"ids": [at["stations"]], "include": ["versions"]})],
        says("included.*.versions[].id", at["stations"], at["stations 2"]),
        has("included.*.versions[].reason", truth.items[at["stations 2"]]["versioning_info"]["reason"]),
        tokens=1000,
    )
    yield ask.listed(
        "Which datasets may not be used commercially?",
        {"subtype": "DATASET", "licence": "CC BY-NC"},
        truth.where(
            "DATASET", lambda item: "/by-nc/" in item["collection_format"]["dataset_info"]["license"]
        ),
    )
    yield ask.listed(
        "Find the runs of ensemble member b.",
        {"subtype": "MODEL_RUN", "annotation": "ensemble=b"},
        truth.where("MODEL_RUN", lambda run: run["record"].get("annotations", {}).get("ensemble") == "b"),
    )
    yield ask.listed(
        "Which datasets does the Smoke and Health Unit answer for?",
        {"subtype": "DATASET", "organisation_id": at["smoke unit"]},
        truth.where(
            "DATASET",
            lambda item: item["collection_format"]["associations"]["organisation_id"] == at["smoke unit"],
        ),
    )
