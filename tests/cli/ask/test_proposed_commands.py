"""The commands that an answer and the help propose are answered themselves."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.cli.ask.asked import proposals
from tests.cli.ask.conftest import BATHYMETRY, OTHER_RUN, RANKING, RUN, Ask
from tests.cli.command_line import CommandLine


def test_the_examples_of_the_help_are_answered(line: CommandLine):
    shown = re.findall(r"^ provena-mcp (ask .*?--sample)  ", line("ask", "--help").stdout, re.MULTILINE)
    assert len(shown) == 2
    assert [line(*shlex.split(command)).returncode for command in shown] == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["upstream", RANKING, "--agents"],
        ["impact", BATHYMETRY],
        ["search", "heron", "reef's", "--limit", "1"],
        ["list", "--type", "MODEL_RUN", "--where", "modeller=Maren Holt", "--limit", "1"],
        ["compare", RUN, OTHER_RUN],
        ["path", RANKING, BATHYMETRY],
    ],
)
def test_every_command_that_an_answer_proposes_is_answered(line: CommandLine, ask: Ask, words: list[str]):
    proposed = proposals(ask, *words)
    assert proposed
    for command in proposed:
        told = line("ask", *command)
        assert (told.returncode in (0, 1), told.stderr) == (True, "")


def test_the_next_page_of_a_tree_hangs_on_what_is_on_others(line: CommandLine, ask: Ask):
    small = {"PROVENA_MAX_RESULT_TOKENS": "600"}
    first = ask("upstream", RANKING, "--depth", "20", **small).stdout.splitlines()
    assert "Shown are 6 of 87." in first
    command = next(shlex.split(each) for each in first if "--cursor" in each)
    second = line(*command[1:], **small).stdout.splitlines()
    assert second[2:4] == [
        "└── further, under items on other pages",
        "    ├── Where to restore first  study  sample/1000109  and under 1 more",
    ]


def test_pages_asked_for_one_after_the_other_are_the_whole_list(line: CommandLine, ask: Ask):
    words, seen = ["list", "--type", "STUDY", "--limit", "4"], []
    while words:
        seen += [row["id"] for row in json.loads(ask(*words, "--json").stdout)["items"]]
        words = next((command[:-1] for command in proposals(ask, *words) if "--cursor" in command), [])
    whole = json.loads(ask("list", "--type", "STUDY", "--json").stdout)["items"]
    assert seen == [row["id"] for row in whole]
