import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest

from evals import truth as truth_module
from evals.asking import Answer, Call, Question, has, judged, lacks, mentions, says, within
from evals.questions import questions_of
from evals.report import as_table, missed_goals
from evals.running import run_worlds
from evals.worlds import WorldName, open_world
from tests.recordings.recorded import read_json

WORLDS: tuple[WorldName, ...] = ("reef", "golden", "fire", "river", "wings")


# To trace every line takes as long again, and the worlds are asked alike.
TRACED = "reef"
UNTRACED = [pytest.param(world, marks=pytest.mark.no_cover) for world in WORLDS if world != TRACED]


@pytest.mark.slow
@pytest.mark.parametrize("world", [TRACED, *UNTRACED])
def test_every_question_is_asked_once_and_answered_rightly_and_shortly_in_few_calls(world: WorldName):
    ran = asyncio.run(run_worlds([world]))
    if ran.absent:
        pytest.skip(f"the data of {world} are not beside this repository")
    asked = [outcome.question.asks for outcome in ran.outcomes]
    assert len(set(asked)) == len(asked)
    wrong = {outcome.question.asks: outcome.complaints for outcome in ran.outcomes if not outcome.is_right}
    assert (wrong, missed_goals(ran.outcomes)) == ({}, [])


def test_over_a_hundred_questions_are_asked_of_the_worlds_in_this_repository():
    worlds = [world for name in WORLDS if name != "wings" and (world := open_world(name))]
    assert sum(len(questions_of(world)) for world in worlds) > 100


def test_the_truth_is_worked_out_without_the_package():
    tree = ast.parse(Path(truth_module.__file__).read_text("utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
    }
    assert imported == {"__future__", "collections.abc", "typing"}


def test_the_links_of_the_truth_are_those_that_were_recorded():
    world, edges = open_world("golden"), read_json("graph_dump.json")["edges"]
    assert world is not None
    assert world.truth.links == {(source, relation, target) for source, relation, target, *_ in edges}


ANSWER: Answer = {
    "answer": [{"id": "1/2", "hop": 2}, {"id": "1/3", "hop": 4}],
    "paths": [["1/1", "1/2"], ["1/1", "1/3"]],
    "totals": {"nodes": 3, "by_type": {"DATASET": 2}},
    "rows": {"RUN": [[1, "1/5"], [2, "1/6"]]},
    "complete": True,
}


@pytest.mark.parametrize(
    ("fact", "complaint"),
    [
        (says("answer[].id", "1/2", "1/3"), None),
        (says("answer[].id", "1/2"), "answer[].id: has also 1/3"),
        (says("answer[].id", "1/2", "1/3", "1/4"), "answer[].id: misses 1/4"),
        (has("answer[].id", "1/2"), None),
        (has("answer[].name", "Reef"), "answer[].name: misses Reef"),
        (lacks("answer[].id", "1/4"), None),
        (lacks("answer[].id", "1/3"), "answer[].id: must not have 1/3"),
        (within("paths[].+", "1/1 1/2", "1/1 1/3", "1/1 1/4"), None),
        (within("paths[].+", "1/1 1/2"), "paths[].+: has also 1/1 1/3"),
        (within("nothing[].+", "1/1 1/2"), "nothing[].+: misses 1/1 1/2"),
        (says("totals.by_type.*", 2), None),
        (says("totals.nodes", 4), "totals.nodes: misses 4; has also 3"),
        (says("complete", True), None),
        (says("complete", False), "complete: misses False; has also True"),
        (says("answer", 2), None),
        (says("paths[].0", "1/1"), None),
        (says("totals.*.DATASET", 2), None),
        (says("rows.*[].1", "1/5", "1/6"), None),
        (says("answer[].id&hop", "1/2 2", "1/3 4"), None),
        (says("answer[].id&hop", "1/2 4", "1/3 4"), "answer[].id&hop: misses 1/2 4; has also 1/2 2"),
        (mentions("/2", "/6"), None),
        (mentions("/2", "/9"), "answer: does not mention /9"),
        (mentions("/5", path="paths"), "paths: does not mention /5"),
    ],
)
def test_a_fact_that_does_not_hold_is_told(fact: Any, complaint: str | None):
    assert fact.complaint([ANSWER]) == complaint


def question(**limits: Any) -> Question:
    return Question("reef", "sources", "Where from?", (Call("explore_upstream"),), (), **limits)


@pytest.mark.parametrize(
    ("asked", "spent", "failed", "complaints"),
    [
        (question(), 10, False, ()),
        (question(never=frozenset({"1/4"})), 10, False, ()),
        (question(never=frozenset({"1/3"})), 10, False, ("speaks of 1/3",)),
        (question(tokens=9), 10, False, ("10 tokens, of 9 allowed",)),
        (question(fails=True), 10, False, ("did not fail",)),
    ],
)
def test_an_answer_that_says_too_much_costs_too_much_or_should_have_failed_is_wrong(
    asked: Question, spent: int, failed: bool, complaints: tuple[str, ...]
):
    assert judged(asked, [ANSWER], spent, failed=failed).complaints == complaints


def test_the_table_names_what_was_wrong_and_the_goals_that_were_missed():
    good = judged(question(), [ANSWER], 100, failed=False)
    bad = judged(question(never=frozenset({"1/3"}), tokens=9000), [ANSWER, ANSWER], 8200, failed=False)
    assert as_table([good, bad]).splitlines() == [
        "world   question         right   calls  tokens   worst",
        "reef    sources            1/2    1.50    4150    8200",
        "all                        1/2    1.50    4150    8200",
        "",
        "Where from?",
        "  speaks of 1/3",
        "",
        "1 of 2 answers are wrong.",
        "",
        "4150 tokens a question, more than 1500.",
        "",
        "4100 tokens in an answer, more than 4000.",
    ]
