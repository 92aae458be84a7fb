"""Questions of the fire-weather programme about makers, people, recipes and records, in users' words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.asking import Call, Question, has, lacks, says
from evals.kinds import ALL_THE_WAY, Asker


def fire_details(ask: Asker) -> Iterator[Question]:
    """Where the nearest answer is not the right one."""
    yield from _makers(ask)
    yield from _relations(ask)
    yield from _people(ask)
    yield from _comparisons(ask)
    yield from _audits(ask)
    yield from _records(ask)


def _makers(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    yield ask.question(
        "makers",
        "Which run made the grid of January 2020? There can only be one, right?",
        [Call("fetch_items", {"ids": [at["grid jan"]]})],
        says("items[].made_by[].id", *truth.makers(at["grid jan"])),
        tokens=1000,
    )
    yield ask.question(
        "makers",
        "What run was the new fuel map made with?",
        [Call("fetch_items", {"ids": [at["fuel 2"]]})],
        says("items[].made_by[].id", *truth.makers(at["fuel 2"])),
        says("items[].version.previous", at["fuel"]),
        says("items[].version.reason", truth.items[at["fuel 2"]]["versioning_info"]["reason"]),
        tokens=1000,
    )


def _relations(ask: Asker) -> Iterator[Question]:
    at = ask.world.ids
    yield ask.path(
        "how did the camera pictures get into the outlook?", at["cameras"], at["perimeter 2024-01 a"]
    )


def _people(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    start = at["perimeter late change"]
    runs = truth.reached(start, "upstream", ALL_THE_WAY, "MODEL_RUN")
    asked = {truth.record(run)["associations"]["requesting_organisation_id"] for run in runs}
    call = Call("get_contributing_agents", {"starting_id": start, "depth": ALL_THE_WAY})
    ran = [truth.record(run)["associations"]["modeller_id"] for run in runs]
    yield ask.question(
        "people",
        "Who really ran something for the late wind change, apart from whoever just registered stuff?",
        [call],
        says("answer[].roles.modeller", *(ran.count(person) for person in ran)),
        has("answer[].id", *ran),
        tokens=2500,
    )
    yield ask.question(
        "people",
        "On whose behalf was the late wind change done?",
        [call],
        has("answer[].name", *(truth.name(organisation) for organisation in asked)),
        lacks("answer[].name", "Smoke and Health Unit", "Highland Fire Weather Office"),
        tokens=2500,
    )


def _comparisons(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    one, other = at["spread baseline"], at["spread late change"]
    yield ask.question(
        "compare",
        "What have the two Black Ridge runs in common?",
        [Call("compare_model_runs", {"run_ids": [one, other]})],
        has("same[].values[].name", *(truth.name(used) for used in truth.inputs(one) & truth.inputs(other))),
        has("same[].values[].name", "Emberline", "Saoirse Lindqvist", "Black Ridge hindcast"),
        tokens=1500,
    )
    yield ask.question(
        "compare",
        "Does one of them use something the other doesn't have at all?",
        [Call("compare_model_runs", {"run_ids": [one, other]})],
        has(
            "differences[].kind&field",
            "only_in_some inputs",
            "only_in_some resources",
            "different annotations",
        ),
        lacks("differences[].kind&field", "different inputs", "different model_version"),
        tokens=1500,
    )
    yield ask.question(
        "compare",
        "was the burn run with the same recipe as the outlook?",
        [Call("compare_model_runs", {"run_ids": [at["spread burn"], at["spread 2024-01 a"]]})],
        has("differences[].kind&field", "versions template"),
        has("differences[].values[].id", at["Spread the fire"], at["Spread the fire 2"]),
        tokens=1500,
    )


def _audits(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth

    def audit(asks: str, item: str, *facts: Any) -> Question:
        call = Call("audit_reproducibility", {"item_id": item})
        return ask.question("audit", asks, [call], *facts, tokens=2500)

    late, trial = at["spread late change"], at["dry trial"]
    yield audit(
        "Do we know which content of the January grid it used?",
        late,
        has("findings[].code", "input_made_by_several"),
        has("findings[].evidence.*", ", ".join(sorted(truth.makers(at["grid jan"])))),
    )
    yield audit(
        "May I pass on what went into it?",
        late,
        has("findings[].code", "use_restricted"),
        has("findings[].ids[]", at["ignitions"]),
    )
    yield audit("can the trial be repeated", trial, has("findings[].code", "model_version_missing"))


def _records(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    limits = truth.items[at["ignitions"]]["collection_format"]["dataset_info"]["usage_limitations"]
    call = Call("fetch_items", {"ids": [at["ignitions"]], "include": ["history"]})
    yield ask.question(
        "history",
        "who changed the ignition points and why??",
        [call],
        says("included.*.history.edits[].by", "saoirse"),
        has("included.*.history.edits[].reason", "Landholders asked for it."),
        tokens=1000,
    )
    yield ask.question(
        "limits",
        "May I put the ignition points on a street map?",
        [Call("fetch_items", {"ids": [at["ignitions"]]})],
        says("items[].usage_limitations", limits),
        tokens=1000,
    )
