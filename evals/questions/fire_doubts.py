"""Questions of the fire-weather programme that are vague, misspelt, or take for granted what is not so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from evals.asking import Call, Question, has, lacks, mentions, says
from evals.kinds import ALL_THE_WAY, Asker


def fire_doubts(ask: Asker) -> Iterator[Question]:
    """Each had taken a second call, or had misled."""
    yield from _origins(ask)
    yield from _consequences(ask)
    yield from _people(ask)
    yield from _ways(ask)
    yield from _meetings(ask)
    yield from _comparisons(ask)
    yield from _audits(ask)
    yield from _records(ask)


def _origins(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    start = at["smoke baseline"]
    data = truth.reached(start, "upstream", ALL_THE_WAY, "DATASET")
    call = Call("get_contributing_datasets", {"starting_id": start, "depth": ALL_THE_WAY})
    several = {item: truth.makers(item) for item in data if len(truth.makers(item)) > 1}
    yield ask.question(
        "makers",
        "was any of the stuff behind the smoke made twice, and by what",
        [call],
        says("several_makers", len(several)),
        *(says(f"several_makers.{item}[]", *runs) for item, runs in several.items()),
    )
    yield ask.question(
        "makers",
        "Which inputs of the smoke calculation came from no model run at all?",
        [call],
        says("no_run.registered", sum(not truth.makers(item) for item in data)),
    )
    yield ask.question(
        "length",
        "How many model runs are betwen the smoke exposure and the fuel map?",
        [call],
        has("answer[].id&runs", f"{at['fuel']} {truth.fewest_runs(start, at['fuel'])}"),
    )
    yield ask.question(
        "versions",
        "Two 'Fuel map of the ranges' came up. Which one is the newer?",
        [Call("explore_upstream", {"starting_id": at["fuel 2"]})],
        says(f"versions.{at['fuel']}", "v1"),
        says(f"versions.{at['fuel 2']}", "v2"),
        says("no_run.new_version", 1),
        tokens=1500,
    )
    yield ask.question(
        "empty",
        "What data went into the camera pictures?",
        [Call("get_contributing_datasets", {"starting_id": at["cameras"]})],
        says("note", f"No dataset fed '{truth.name(at['cameras'])}' (dataset). No run made it."),
        says("answer", 0),
        tokens=600,
    )


def _consequences(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    wrong = truth.affected_by(at["stations"])
    others = {item: truth.makers(item) - wrong.runs for item in wrong.datasets}
    doubtful = {item: runs for item, runs in others.items() if runs}
    yield ask.question(
        "makers",
        "The stations are broken, so every single grid made with them is ruined, no?",
        [Call("analyse_impact", {"item_id": at["stations"]})],
        says("affected.datasets[].unaffected_makers[]", *(run for runs in doubtful.values() for run in runs)),
        mentions(f"{len(doubtful)} affected dataset", path="answer"),
        says("replaced_by[].no_run", True),
    )
    used = truth.where("MODEL_RUN", lambda run: at["fuel 2"] in truth.inputs(run["id"]))
    yield ask.question(
        "direct",
        "how many runs used the new fuel map directly, not what came after",
        [Call("explore_downstream", {"starting_id": at["fuel 2"], "depth": 1})],
        says("totals.direct.MODEL_RUN", len(used)),
        says("complete", False),
        tokens=1500,
    )


def _people(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    start = at["smoke baseline"]
    runs = truth.reached(start, "upstream", ALL_THE_WAY, "MODEL_RUN")
    data = truth.reached(start, "upstream", ALL_THE_WAY, "DATASET") | {start}
    who = {run: truth.record(run)["associations"] for run in runs}
    custodians = Counter(custodian for item in data if (custodian := truth.custodian_of(item)))
    yield ask.question(
        "custodians",
        "Who looks after the data behind the smoke? I dont mean whoever ran the models",
        [Call("get_contributing_agents", {"starting_id": start, "depth": ALL_THE_WAY})],
        says("custodians[].id&datasets", *(f"{person} {count}" for person, count in custodians.items())),
    )
    yield ask.question(
        "by run",
        "Tell me for each run behind the smoke who did it and who had ordered it.",
        [Call("get_contributing_agents", {"starting_id": start, "depth": ALL_THE_WAY, "by_run": True})],
        says("by_run[].id&ran", *(f"{run} {named['modeller_id']}" for run, named in who.items())),
        says(
            "by_run[].id&asked_for_it",
            *(f"{run} {named['requesting_organisation_id']}" for run, named in who.items()),
        ),
        tokens=3500,
    )
    ran = {named["modeller_id"] for named in who.values()}
    yield ask.question(
        "people",
        "Did Imke run any of it? Her name is on half of the things.",
        [Call("get_contributing_agents", {"starting_id": start, "depth": ALL_THE_WAY})],
        *([] if at["imke"] in ran else [has("answer[].registered_only&id", f"True {at['imke']}")]),
        lacks("answer[].registered_only&id", *(f"True {person}" for person in ran)),
    )


def _ways(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth

    def ways(asks: str, start: str, goal: str) -> Question:
        counts = truth.ways_by_runs(goal, start)
        call = Call("find_lineage_path", {"from_id": start, "to_id": goal, "max_hops": ALL_THE_WAY})
        return ask.question(
            "ways",
            asks,
            [call],
            says("ways[].runs&count", *(f"{runs} {count}" for runs, count in counts.items())),
            tokens=1500,
        )

    yield ways(
        "The stations get into the smoke over two runs. Is there a longer way too, of three?",
        at["stations"],
        at["smoke baseline"],
    )
    yield ways("is there only one way from the forecast to the score?", at["forecast"], at["score baseline"])
    yield ways("Does the fuel map reach the burn over one run?", at["fuel"], at["perimeter burn"])


def _meetings(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    yield ask.path(
        "What do the smoke exposure and the score both go back to, and how does each get there?",
        at["smoke baseline"],
        at["score baseline"],
        tokens=2500,
    )
    one, other = at["perimeter burn"], at["smoke baseline"]
    far, near = truth.hops(one, "upstream"), truth.hops(other, "upstream")
    shared = set(far) & set(near)
    people = shared & truth.of_kind("PERSON")
    yield ask.question(
        "unrelated",
        "Are the autumn burn and the smoke related by data or just by the same people?",
        [Call("find_lineage_path", {"from_id": one, "to_id": other, "max_hops": ALL_THE_WAY})],
        says("common_ancestors.count", len(shared & truth.of_kind("DATASET", "MODEL_RUN"))),
        says("common_ancestors.besides.PERSON", len(people)),
        lacks("common_ancestors.nearest[].type", "PERSON", "MODEL", "CREATE"),
        tokens=2500,
    )


def _comparisons(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    one, other = at["downscale jan"], at["downscale jan again"]
    more = len(truth.inputs(one) - truth.inputs(other))
    yield ask.question(
        "compare",
        "did the first january run use everything the second one used, and more?",
        [Call("compare_model_runs", {"run_ids": [one, other]})],
        mentions(f"A has all inputs of B, and {more} more.", path="answer"),
        tokens=1500,
    )


def _audits(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth

    def audit(asks: str, run: str, *facts: Any) -> Question:
        call = Call("audit_reproducibility", {"item_id": run})
        return ask.question("audit", asks, [call], *facts, tokens=3000)

    late = at["spread late change"]
    modeller = truth.record(late)["associations"]["modeller_id"]
    yield audit(
        "I want to run it again. whom do i ask if somethings missing?",
        late,
        has(
            "whom_to_ask[].role&id",
            f"modeller {modeller}",
            f"custodian {truth.custodian_of(at['ignitions'])}",
        ),
        has("whom_to_ask[].name", truth.name(modeller)),
    )
    template = truth.items[truth.record(late)["workflow_template_id"]]
    given = {entry["dataset_template_id"] for entry in truth.record(late)["inputs"]}
    left_out = [
        place["template_id"]
        for place in template["input_templates"]
        if place["optional"] and place["template_id"] not in given
    ]
    yield audit(
        "Was any input left out that it could have had?",
        late,
        *(has("findings[].ids[]", item) for item in left_out),
        (has if left_out else lacks)("findings[].code", "optional_input_left_out"),
    )
    trial = at["dry trial"]
    unmade = {
        item for item in truth.reached(trial, "upstream", ALL_THE_WAY, "DATASET") if not truth.makers(item)
    }
    yield audit(
        "Is every input of the trial the output of some recorded run?",
        trial,
        has("findings[].code", "lineage_gap"),
        has("findings[].ids[]", *unmade),
    )


def _records(ask: Asker) -> Iterator[Question]:
    at, truth = ask.world.ids, ask.truth
    ignitions = truth.items[at["ignitions"]]
    licence = ignitions["collection_format"]["dataset_info"]["license"]
    yield ask.question(
        "history",
        "the ignition points used to be free for all. what was the licence before?",
        [Call("fetch_items", {"ids": [at["ignitions"]], "include": ["history"]})],
        has("included.*.history.edits[].changed", 2),
        mentions(licence, "licenses/by/4.0", path="included"),
        tokens=1000,
    )
    stations = truth.items[at["stations"]]["collection_format"]["associations"]
    yield ask.question(
        "contact",
        "Whom do I write to about the station data?",
        [Call("fetch_items", {"ids": [at["stations"]], "include": ["emails"]})],
        says("items[].contact", stations["point_of_contact"]),
        says(
            f"included.*.emails.{stations['data_custodian_id']}",
            truth.items[stations["data_custodian_id"]]["email"],
        ),
        tokens=1000,
    )
    number = at["cameras"].partition("/")[2]
    yield ask.question(
        "bare number",
        f"What came of dataset {number}?",
        [Call("explore_downstream", {"starting_id": number})],
        mentions(at["cameras"], truth.name(at["cameras"])),
        tokens=300,
        fails=True,
    )
