"""Questions of the fire-weather programme that count, as users put them: vague, misspelt, mistaken."""

from __future__ import annotations

from collections.abc import Iterator

from evals.asking import Call, Question, has, says
from evals.building import at as on
from evals.counting import counted, runs, runs_of_found, where
from evals.kinds import Asker


def fire_counts(ask: Asker) -> Iterator[Question]:
    """How many, whose, of which model, when."""
    yield from _how_many(ask)
    yield from _whose(ask)
    yield from _with_what(ask)
    yield from _when(ask)


def _how_many(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids
    every = ask.truth.of_kind("MODEL_RUN")
    ember = where(
        ask, lambda record: ask.truth.items[record["workflow_template_id"]]["software_id"] == at["Emberline"]
    )
    yield counted(ask, "who's done the most runs here?", "modeller", every)
    yield counted(ask, "Which study is the biggest, in runs? Any that belong to none?", "study", every)
    yield counted(ask, "runs per model pls", "model", every)
    yield counted(ask, "Which recipes are actually used, and how often?", "workflow_template", every)
    yield counted(ask, "when were we busy?", "month", every)
    yield counted(
        ask, "Which versions of emberline did we run?", "model_version", ember, model=at["Emberline"]
    )
    outlook = ask.truth.runs_of_study(at["outlook"])
    yield counted(ask, "In the outlook, who ran how many?", "modeller", outlook, study_id=at["outlook"])
    yield ask.question(
        "how many",
        "how big is this registry",
        [Call("list_items", {"group_by": "subtype"})],
        has(
            "groups[].key&count",
            *(
                f"{kind} {len(ask.truth.of_kind(kind))}"
                for kind in ("DATASET", "MODEL_RUN", "STUDY", "MODEL")
            ),
        ),
        tokens=1000,
    )


def _whose(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids

    def ran(user: str) -> frozenset[str]:
        return where(ask, lambda record: record["associations"]["modeller_id"] == at[user])

    yield runs(
        ask,
        "Which runs did Tobias Adeyemi do? Not the other Tobias.",
        {"modeller": at["tobias"]},
        ran("tobias"),
    )
    yield runs(ask, "Hedda Okonkwo's runs", {"modeller": "Hedda Okonkwo"}, ran("hedda"))
    yield runs_of_found(
        ask, "what has saoirse lindkvist run", "saoirse lindkvist", "PERSON", "modeller", ran("saoirse")
    )
    # She registered data and ran nothing.
    yield runs(ask, "List Imke Vogelsang's model runs.", {"modeller": at["imke"]}, ran("imke"))
    yield ask.question(
        "in users' words",
        "how many runs did Tobias do",
        [Call("search_items", {"query": "Tobias", "subtype": "PERSON"})],
        says("items[].name", "Tobias Adeyemi", "Tobias Adeyinka"),
        tokens=500,
    )
    yield runs(
        ask,
        "Which runs are in no study at all?",
        {"study_id": "none"},
        where(ask, lambda record: not record.get("study_id")),
    )


def _with_what(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    spread = (at["Spread the fire"], at["Spread the fire 2"])
    yield runs(
        ask,
        "Which runs don't say which version of the model they used?",
        {"model_version": "none"},
        where(ask, lambda record: not record.get("model_version")),
    )
    yield runs(
        ask,
        "Everything run with version 6.0",
        {"model_version": "6.0"},
        where(ask, lambda record: record.get("model_version") == "6.0"),
    )
    yield runs(
        ask,
        "All runs of the spread recipe, whichever version of it",
        {"workflow_template": at["Spread the fire"]},
        where(ask, lambda record: record["workflow_template_id"] in spread),
    )
    yield runs(
        ask,
        "Which runs still used the old fuel map?",
        {"used": at["fuel"]},
        frozenset(run for run in truth.of_kind("MODEL_RUN") if at["fuel"] in truth.inputs(run)),
    )
    yield runs(
        ask,
        "which run made the january 2020 grid",
        {"made": at["grid jan"]},
        truth.makers(at["grid jan"]),
    )
    # A version that was registered: no run made it.
    yield runs(
        ask, "Which run produced the second fuel map?", {"made": at["fuel 2"]}, truth.makers(at["fuel 2"])
    )
    yield runs_of_found(
        ask,
        "runs with the smoke modle",
        "HazeTrack smoke model",
        "MODEL",
        "model",
        where(
            ask, lambda record: truth.items[record["workflow_template_id"]]["software_id"] == at["HazeTrack"]
        ),
    )
    yield runs(
        ask,
        "Which of Saoirse's runs were for the brigades?",
        {"modeller": at["saoirse"], "organisation_id": at["brigades"]},
        where(
            ask,
            lambda record: (
                record["associations"]
                == {"modeller_id": at["saoirse"], "requesting_organisation_id": at["brigades"]}
            ),
        ),
    )


def _when(ask: Asker) -> Iterator[Question]:
    truth = ask.truth
    yield runs(
        ask,
        "What did we run in 2022?",
        {"after": "2022-01-01", "before": "2023-01-01"},
        where(ask, lambda record: on("2022-01-01", 0) <= record["start_time"] < on("2023-01-01", 0)),
    )
    fresh = frozenset(
        item_id
        for item_id in truth.of_kind("DATASET")
        if on("2023-09-01", 0) <= truth.items[item_id]["created_timestamp"] < on("2023-10-01", 0)
    )
    yield ask.listed(
        "Which datasets were registered in September 2023?",
        {"subtype": "DATASET", "after": "2023-09-01", "before": "2023-10-01", "dated_by": "registered"},
        fresh,
    )
    changed = truth.where("DATASET", lambda item: item["updated_timestamp"] > item["created_timestamp"])
    yield ask.listed(
        "Has anybody changed a dataset's record in May 2023?",
        {"subtype": "DATASET", "after": "2023-05-01", "before": "2023-06-01", "dated_by": "updated"},
        changed,
    )
