"""Questions of 165 recorded workflow executions: large fans, content hashes for names."""

from __future__ import annotations

from collections.abc import Iterator

from evals.asking import Question
from evals.kinds import ALL_THE_WAY, Asker
from evals.truth import Truth


def wings_questions(ask: Asker) -> Iterator[Question]:
    """About executions of bioinformatics and text workflows.

    The items asked about are found by how much lineage they have, so that large and small answers
    are asked for alike.
    """
    truth = ask.truth
    datasets = sorted(truth.of_kind("DATASET"))
    by_sources = sorted(datasets, key=lambda item_id: (_sources(truth, item_id), item_id))
    by_derived = sorted(datasets, key=lambda item_id: (_derived(truth, item_id), item_id))
    studies = sorted(truth.of_kind("STUDY"), key=lambda item_id: (len(truth.runs_of_study(item_id)), item_id))
    richest, rich = by_sources[-1], by_sources[-40]
    busiest, busy = by_derived[-1], by_derived[-40]
    yield ask.sources("Which files led to the result with the longest list of sources?", richest, tokens=4000)
    yield ask.sources("Which files led to this result?", rich, tokens=4000)
    yield ask.sources("Did anything lead to this input?", by_sources[0], tokens=500)
    yield ask.derived("What came of the file that most depends on?", busiest, tokens=4000)
    yield ask.derived("What came of this file?", busy, tokens=4000)
    yield ask.credit("Who is behind this result?", richest)
    yield ask.impact("The most used file is corrupt. What is affected?", busiest, shown_whole=False)
    yield ask.impact("This file is corrupt. What is affected?", busy)
    yield ask.impact("Is anything affected if this last result is wrong?", by_derived[0], tokens=1000)
    yield ask.reach("How much lies downstream of the person who ran it all?", _person(truth), "downstream", 3)
    yield ask.reach("What lies within three steps upstream of this result?", rich, "upstream", 3)
    source = max(
        truth.reached(richest, "upstream", ALL_THE_WAY, "DATASET"),
        key=lambda item_id: (truth.hops(richest, "upstream")[item_id], item_id),
    )
    yield ask.path("How does the furthest source get into this result?", source, richest)
    yield ask.path("How are these two results related?", richest, by_sources[-2])
    yield ask.study("Which runs are in the largest execution?", studies[-1], tokens=4000)
    yield ask.study("Which runs are in a usual execution?", studies[len(studies) // 2])
    one, other = _runs_of_one_recipe(truth)
    yield ask.compare("What differs between these two executions of one step?", one, other)
    yield ask.made_by("How was this result made?", rich)


def _sources(truth: Truth, dataset: str) -> int:
    return len(truth.reached(dataset, "upstream", ALL_THE_WAY, "DATASET"))


def _derived(truth: Truth, dataset: str) -> int:
    return len(truth.reached(dataset, "downstream", ALL_THE_WAY, "DATASET"))


def _person(truth: Truth) -> str:
    return min(truth.of_kind("PERSON"))


def _runs_of_one_recipe(truth: Truth) -> tuple[str, str]:
    first: dict[str, str] = {}
    for run in sorted(truth.of_kind("MODEL_RUN")):
        recipe = truth.record(run)["workflow_template_id"]
        if recipe in first:
            return first[recipe], run
        first[recipe] = run
    message = "no recipe was run twice"
    raise ValueError(message)
