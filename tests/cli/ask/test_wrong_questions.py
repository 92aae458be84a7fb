"""How a question ends that cannot be answered: what is said, and with which exit code."""

from __future__ import annotations

import pytest

from tests.cli.ask.conftest import BATHYMETRY, RANKING, RUN, Ask
from tests.cli.command_line import CommandLine


@pytest.mark.parametrize("words", [["search", "zzzqqq"], ["list", "--where", "keyword=zzzqqq"]])
def test_nothing_found_is_an_answer_that_is_no(ask: Ask, words: list[str]):
    told = ask(*words)
    assert (told.returncode, told.stderr) == (1, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["audit", RANKING],
            "provena-mcp: 'sample/1000117' is a dataset, not a model run or a study.\n"
            "It was made by sample/1000119: give that. 'ask path' relates two datasets.\n",
        ),
        (
            ["upstream", "Coral cover survey, Heron Reef"],
            "provena-mcp: 'Coral cover survey, Heron Reef': 2 items are called so.\n"
            "Give one of these ids:\n"
            "  sample/1000068  Coral cover survey, Heron Reef  2021-05-03 to 2021-05-21\n"
            "  sample/1000024  Coral cover survey, Heron Reef  2019-08-05 to 2019-08-19\n",
        ),
        (
            ["upstream", "zzzqqq"],
            "provena-mcp: Nothing is called 'zzzqqq'.\n'ask search' and 'ask list' find items.\n",
        ),
    ],
)
def test_a_wrong_question_is_told_on_stderr_with_what_to_do(ask: Ask, words: list[str], said: str):
    told = ask(*words)
    assert (told.returncode, told.stdout, told.stderr) == (2, "", said)


def test_an_item_goes_by_its_name_where_one_has_it(ask: Ask):
    named, by_id = (
        ask("impact", "reef bathymetry AND outlines", "--json"),
        ask("impact", BATHYMETRY, "--json"),
    )
    assert named.returncode == 2  # two versions have that name
    assert by_id.returncode == 0
    named, by_id = ask("audit", "rank sites with sea country values"), ask("audit", RUN)
    assert named.stdout == by_id.stdout
    assert named.stderr == "Rank sites with sea country values: sample/1000119\n"


def test_without_a_login_the_exit_code_says_so(line: CommandLine, tmp_path):
    told = line(
        "ask",
        "upstream",
        "10378.1/1900010",
        PROVENA_DOMAIN="provena.example.org",
        PROVENA_REALM="realm",
        XDG_CONFIG_HOME=str(tmp_path),
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )
    assert (told.returncode, told.stdout) == (3, "")
    assert "provena-mcp login" in told.stderr


@pytest.mark.slow
def test_a_deployment_that_cannot_be_reached_has_an_exit_code_of_its_own(line: CommandLine):
    nowhere = {
        f"PROVENA_{name}_API": "http://127.0.0.1:1"
        for name in ("PROV", "REGISTRY", "JOB", "SEARCH", "AUTH", "DATA")
    }
    told = line("ask", "item", "10378.1/1900010", **nowhere)
    assert (told.returncode, told.stderr) == (4, "")  # each item has its own reason, on stdout
    assert told.stdout == "10378.1/1900010: No connection to registry-api at http://127.0.0.1:1.\n"
    told = line("ask", "upstream", "10378.1/1900010", **nowhere)
    assert (told.returncode, told.stdout) == (4, "")
    assert "'provena-mcp doctor' shows which services answer" in told.stderr


def test_a_condition_has_a_name_and_a_value(ask: Ask):
    told = ask("list", "--where", "coral")
    assert told.returncode == 2
    assert "'coral' is not NAME=VALUE." in told.stderr


def test_datasets_and_agents_are_two_questions(ask: Ask):
    assert ask("upstream", RANKING, "--datasets", "--agents").returncode == 2
