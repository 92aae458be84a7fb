"""Questions of the sample world: ``provena_mcp/embedded/sample/README.md`` says what is where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.asking import Call, Question, has, lacks, says
from evals.kinds import Asker
from evals.questions.reef_counts import reef_counts
from evals.questions.reef_writing import documents_and_writing

RANKING, RANKING_BY_CORAL = "sample/1000117", "sample/1000120"
REANALYSIS, FORCING, CURRENTS = "sample/1000030", "sample/1000039", "sample/1000041"
OLD_BATHYMETRY, NEW_BATHYMETRY = "sample/1000013", "sample/1000072"
RIVER_LOADS, PLUMES, CONNECTIVITY = "sample/1000025", "sample/1000044", "sample/1000047"
HERON_2019, HERON_2021, MOORE_SURVEY = "sample/1000024", "sample/1000068", "sample/1000037"
LAGOONFLOW, HYDRODYNAMICS = "sample/1000006", "sample/1000011"


def reef_questions(ask: Asker) -> Iterator[Question]:
    """About an invented reef-modelling programme."""
    yield from _lineage(ask)
    yield from _impact_and_paths(ask)
    yield from _runs_and_studies(ask)
    yield from _finding(ask)
    yield from _records(ask)
    yield from _mistakes(ask)
    yield from reef_counts(ask)
    yield from documents_and_writing(ask)


def _lineage(ask: Asker) -> Iterator[Question]:
    yield ask.sources("Which datasets fed the restoration priorities with sea country values?", RANKING)
    yield ask.sources("What did the 2016-2019 coral cover hindcast come from?", "sample/1000064")
    yield ask.sources("Which data went into the pilot currents of Moore Reef?", "sample/1000015")
    yield ask.derived("What was made from the 1 km atmospheric forcing?", FORCING)
    yield ask.credit("Whom should I credit for the restoration priorities?", RANKING)
    yield ask.credit("Who stands behind the flood plume exposure maps?", PLUMES)
    yield ask.concerned("Whom do I tell about an error in the Heron Reef survey of 2019?", HERON_2019)
    yield ask.made_by("How was 'Currents and temperature 2016-2019, 1 km' made?", CURRENTS)
    yield ask.made_by("How were the restoration priorities with sea country values made?", RANKING)
    yield ask.reach("Walk me back two steps from the ssp585 coral cover.", "sample/1000097", "upstream", 2)
    yield ask.reach("What lies within four steps of the ranking?", RANKING, "upstream", 4)
    yield ask.question(
        "cycle",
        "In what order was the Moore Reef survey corrected?",
        [Call("explore_downstream", {"starting_id": MOORE_SURVEY, "depth": 2})],
        says("cycles.count", 1),
        tokens=4000,
    )


def _impact_and_paths(ask: Asker) -> Iterator[Question]:
    yield ask.impact("The global reanalysis is wrong. What is affected?", REANALYSIS)
    yield ask.impact("Who is affected if the old bathymetry is wrong?", OLD_BATHYMETRY)
    yield ask.impact("The river loads of 2019 were mistyped. What now?", RIVER_LOADS)
    yield ask.impact("There is a bug in LagoonFlow. Which results depend on it?", LAGOONFLOW)
    yield ask.impact("Does anything depend on the drone mosaics of Lizard Island?", "sample/1000070")
    yield ask.impact("Yuna's ranking run used the wrong weights. What is touched?", "sample/1000119")
    yield ask.path("How does the reanalysis get into the restoration priorities?", REANALYSIS, RANKING)
    yield ask.path("Why are the river loads in the ranking's lineage?", RANKING, RIVER_LOADS)
    yield ask.path("How is the ranking by coral benefit related to LagoonFlow?", RANKING_BY_CORAL, LAGOONFLOW)
    yield ask.path("How are plume exposure and larval connectivity related?", PLUMES, CONNECTIVITY)
    yield ask.path("Is there a link between the drone mosaics and the ranking?", "sample/1000070", RANKING)


def _runs_and_studies(ask: Asker) -> Iterator[Question]:
    truth = ask.truth
    yield ask.compare("What differs between the two ranking runs?", "sample/1000119", "sample/1000122")
    yield ask.compare(
        "Why do the 2016-2017 and the revised hindcast differ?", "sample/1000042", "sample/1000076"
    )
    yield ask.compare("Compare the downscaling of ssp245 and ssp585.", "sample/1000084", "sample/1000087")
    yield _audit(
        ask,
        "Can the Moore Reef pilot be repeated?",
        "sample/1000016",
        {"annotations_missing": ["sample/1000016"], "input_superseded": [OLD_BATHYMETRY]},
        ["model_version_missing", "lineage_cycle"],
    )
    yield _audit(
        ask,
        "Is the first larval connectivity run reproducible?",
        "sample/1000049",
        {"model_version_missing": ["sample/1000049"]},
        ["input_superseded", "annotations_missing"],
    )
    yield _audit(
        ask,
        "Can the reef hindcast study be repeated?",
        "sample/1000031",
        {"input_superseded": [OLD_BATHYMETRY], "input_external": [REANALYSIS]},
        ["study_without_runs"],
    )
    yield _audit(
        ask,
        "Is there anything to repeat in the mesophotic pilot?",
        "sample/1000123",
        {"study_without_runs": ["sample/1000123"]},
        ["input_superseded"],
    )
    yield _audit(
        ask,
        "May the restoration priorities be passed on, and what went into them?",
        "sample/1000119",
        {"use_restricted": ["sample/1000115"], "upstream_restricted": [RIVER_LOADS]},
        ["model_version_missing"],
    )
    yield ask.study("What is in the study 'Reef futures to 2050'?", "sample/1000077")
    yield ask.study("Has the mesophotic pilot any runs yet?", "sample/1000123")
    yield ask.next_to(
        "Which runs used LagoonFlow?",
        LAGOONFLOW,
        truth.where("MODEL_RUN", lambda run: truth.model_of(run["id"]) == LAGOONFLOW),
    )
    yield ask.next_to(
        "Which runs used the old bathymetry?",
        OLD_BATHYMETRY,
        truth.where("MODEL_RUN", lambda run: OLD_BATHYMETRY in truth.inputs(run["id"])),
    )
    yield ask.next_to(
        "Which runs did Yuna Seo do?",
        "sample/1000100",
        truth.where(
            "MODEL_RUN", lambda run: run["record"]["associations"]["modeller_id"] == "sample/1000100"
        ),
    )


def _audit(ask: Asker, asks: str, item: str, found: dict[str, list[str]], not_found: list[str]) -> Question:
    """An audit finds exactly what the sample was made to hold."""
    return ask.question(
        "audit",
        asks,
        [Call("audit_reproducibility", {"item_id": item})],
        has("findings[].code", *found),
        has("findings[].ids[]", *(item_id for ids in found.values() for item_id in ids)),
        lacks("findings[].code", *not_found),
        tokens=2500,
    )


def _finding(ask: Asker) -> Iterator[Question]:
    truth = ask.truth
    yield ask.question(
        "find",
        "Find sea surface temperature data for Heron Reef, 2016 to 2019.",
        [
            Call(
                "search_items",
                {
                    "query": "sea surface temperature",
                    "subtype": "DATASET",
                    "bbox": [151.8, -23.6, 152.1, -23.3],
                    "after": "2016-01-01",
                    "before": "2020-01-01",
                    "limit": 3,
                },
            )
        ],
        has("items[].id", CURRENTS, "sample/1000074"),
        has("items[].when", "2016-01-01 to 2019-12-31"),
        never=frozenset({HERON_2021, "sample/1000088", "sample/1000091"}),
        tokens=1500,
    )
    yield ask.question(
        "same name",
        "Show me the coral cover survey of Heron Reef.",
        [Call("search_items", {"query": "coral cover survey Heron Reef", "subtype": "DATASET", "limit": 3})],
        has("items[].id", HERON_2019, HERON_2021),
        says("same_name[].items[].id", HERON_2019, HERON_2021),
        says("same_name[].items[].when", "2019-08-05 to 2019-08-19", "2021-05-03 to 2021-05-21"),
        tokens=1500,
    )
    yield ask.listed(
        "Which datasets are released?",
        {"subtype": "DATASET", "release_status": "RELEASED"},
        truth.where("DATASET", lambda item: item["release_status"] == "RELEASED"),
    )
    yield ask.listed(
        "Find the runs with scenario ssp585.",
        {"subtype": "MODEL_RUN", "annotation": "scenario=ssp585"},
        truth.where("MODEL_RUN", lambda item: _annotations(item).get("scenario") == "ssp585"),
    )
    yield ask.listed(
        "Which datasets may not be used commercially?",
        {"subtype": "DATASET", "licence": "CC BY-NC"},
        truth.where("DATASET", lambda item: "/by-nc/" in _info(item)["license"]),
    )
    yield ask.listed(
        "What has Tavita Leota registered as datasets?",
        {"subtype": "DATASET", "owner": "sample/1000032"},
        truth.where("DATASET", lambda item: item["owner_username"] == "tleota"),
    )
    yield ask.listed(
        "Which runs ended after mid-2024?",
        {"subtype": "MODEL_RUN", "after": "2024-07-01"},
        truth.where("MODEL_RUN", lambda item: item["record"]["end_time"] > 1_719_792_000),
    )
    yield ask.listed(
        "Which datasets does the Wet Tropics Water Alliance answer for?",
        {"subtype": "DATASET", "organisation_id": "sample/1000004"},
        truth.where(
            "DATASET",
            lambda item: item["collection_format"]["associations"]["organisation_id"] == "sample/1000004",
        ),
    )


def _annotations(run: dict[str, Any]) -> dict[str, str]:
    return run["record"].get("annotations") or {}


def _info(item: dict[str, Any]) -> dict[str, Any]:
    return item["collection_format"]["dataset_info"]


def _records(ask: Asker) -> Iterator[Question]:
    truth = ask.truth
    yield ask.question(
        "versions",
        "Is there a newer version of the bathymetry I used, and why?",
        [Call("fetch_items", {"ids": [OLD_BATHYMETRY], "include": ["versions"]})],
        says("included.*.versions[].id", OLD_BATHYMETRY, NEW_BATHYMETRY),
        has("included.*.versions[].reason", truth.items[NEW_BATHYMETRY]["versioning_info"]["reason"]),
        says("items[].version.superseded_by", NEW_BATHYMETRY),
        tokens=1000,
    )
    yield ask.question(
        "history",
        "Who changed the record of the river loads, when and why?",
        [Call("fetch_items", {"ids": [RIVER_LOADS], "include": ["history"]})],
        says("included.*.history.count", len(truth.items[RIVER_LOADS]["history"])),
        says(
            "included.*.history.edits[].by",
            *(edit["username"] for edit in truth.items[RIVER_LOADS]["history"]),
        ),
        says(
            "included.*.history.edits[].reason",
            *(edit["reason"] for edit in truth.items[RIVER_LOADS]["history"]),
        ),
        says(
            "included.*.history.edits[].changed[].field", "collection_format.dataset_info.usage_limitations"
        ),
        tokens=1000,
    )
    yield ask.question(
        "parameters",
        "What were the parameters and files of the ssp585 outplanting run?",
        [Call("fetch_items", {"ids": ["sample/1000114"]})],
        has("items[].annotations.*", *truth.record("sample/1000114")["annotations"].values()),
        says("items[].model_version", truth.record("sample/1000114")["model_version"]),
        says("items[].inputs[].id", *truth.inputs("sample/1000114")),
        tokens=1000,
    )
    yield ask.question(
        "onboarding",
        "What is in this Provena, and is it real?",
        [Call("get_health_check"), Call("list_items", {"subtype": "STUDY"})],
        says("provena.kind", "embedded", call=0),
        says("you.can_write", True, call=0),
        says("items[].id", *truth.of_kind("STUDY")),
        tokens=1500,
    )


def _mistakes(ask: Asker) -> Iterator[Question]:
    yield ask.question(
        "mistake",
        "Compare the ranking with the run that made it.",
        [Call("compare_model_runs", {"run_ids": [RANKING, "sample/1000119"]})],
        says("error.fault", "caller"),
        fails=True,
        tokens=500,
    )
    yield ask.question(
        "mistake",
        "Where does item sample/9 come from?",
        [Call("explore_upstream", {"starting_id": "sample/9"})],
        says("error.kind", "NotFound"),
        fails=True,
        tokens=500,
    )
    yield ask.question(
        "mistake",
        "What is sample/1000124?",
        [Call("fetch_items", {"ids": ["sample/1000124", "sample/9"]})],
        says("items[].note", "seed item: an id reserved without content"),
        says("not_found[]", "sample/9"),
        tokens=500,
    )
