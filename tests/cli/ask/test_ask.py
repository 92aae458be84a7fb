"""Questions at a terminal: what people read, what pipes get, and how a command ends."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from typing import Any

import pytest

from tests.cli.ask.conftest import Ask
from tests.cli.command_line import CommandLine
from tests.worlds.sample import sample_client, text_of
from tests.worlds.small import model

RANKING = "sample/1000117"
BATHYMETRY = "sample/1000013"
RUN, OTHER_RUN = "sample/1000119", "sample/1000122"
STUDY = "sample/1000109"

CALLS: list[tuple[list[str], str, dict[str, Any]]] = [
    (["upstream", RANKING], "explore_upstream", {"starting_id": RANKING}),
    (
        ["downstream", BATHYMETRY, "--depth", "2", "--type", "model-run"],
        "explore_downstream",
        {"starting_id": BATHYMETRY, "depth": 2, "subtypes": ["MODEL_RUN"]},
    ),
    (["upstream", RANKING, "--datasets"], "get_contributing_datasets", {"starting_id": RANKING}),
    (["upstream", RANKING, "--agents"], "get_contributing_agents", {"starting_id": RANKING}),
    (["downstream", BATHYMETRY, "--datasets"], "get_effected_datasets", {"starting_id": BATHYMETRY}),
    (["downstream", BATHYMETRY, "--agents"], "get_effected_agents", {"starting_id": BATHYMETRY}),
    (["path", RANKING, BATHYMETRY], "find_lineage_path", {"from_id": RANKING, "to_id": BATHYMETRY}),
    (
        ["impact", BATHYMETRY, "--contacts", "--all-versions"],
        "analyse_impact",
        {"item_id": BATHYMETRY, "contacts": True, "all_versions": True},
    ),
    (
        ["compare", RUN, OTHER_RUN, "--lineage"],
        "compare_model_runs",
        {"run_ids": [RUN, OTHER_RUN], "scope": "lineage"},
    ),
    (["audit", STUDY], "audit_reproducibility", {"item_id": STUDY}),
    (
        ["item", RUN, RANKING, "--full", "--with", "versions"],
        "fetch_items",
        {"ids": [RUN, RANKING], "detail": "full", "include": ["versions"]},
    ),
    (
        ["search", "heron", "reef", "--type", "dataset", "--where", "licence=CC BY 4.0", "--limit", "3"],
        "search_items",
        {"query": "heron reef", "subtype": "DATASET", "licence": "CC BY 4.0", "limit": 3},
    ),
    (
        ["list", "--study", STUDY, "--sort-by", "name"],
        "list_items",
        {"study_id": STUDY, "sort_by": "name"},
    ),
    (["list", "--group-by", "subtype"], "list_items", {"group_by": "subtype"}),
]


@pytest.fixture(scope="module")
def answers(line: CommandLine) -> list[str]:
    """What the tools say to the same questions, asked by a client that has as much room."""

    async def ask_all() -> list[str]:
        async with sample_client(line.folder, max_result_tokens=20_000) as client:
            return [text_of(await client.call_tool(tool, arguments)) for _, tool, arguments in CALLS]

    return asyncio.run(ask_all())


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CALLS)), ids=[" ".join(words[:1]) for words, *_ in CALLS])
def test_json_is_the_tools_own(ask: Ask, answers: list[str], number: int):
    told = ask(*CALLS[number][0], "--json")
    assert (told.stdout, told.stderr) == (answers[number] + "\n", "")
    assert told.returncode in (0, 1)


def test_a_lineage_is_a_tree_with_each_item_once(ask: Ask):
    told = ask("upstream", RANKING, "--depth", "2")
    assert told.stdout.splitlines() == [
        "What led to Restoration priorities 2025, with sea country values",
        "Restoration priorities 2025, with sea country values  dataset  sample/1000117",
        "├── Rank sites with sea country values  model run  sample/1000119",
        "│   ├── Coral cover ssp585 with outplanting, 2025-2050  dataset  sample/1000112",
        "│   ├── Sea country values, Moore and Davies reefs  dataset  sample/1000115",
        "│   ├── Where to restore first  study  sample/1000109",
        "│   ├── Coral Coast Research Institute  organisation  sample/1000003",
        "│   ├── ReefChoice  model  sample/1000101",
        "│   └── Restoration site ranking  workflow template  sample/1000107",
        "├── Yuna Seo  person  sample/1000100  and under 3 more",
        "└── Site ranking  dataset template  sample/1000105",
        "2 registrations folded away (--all).",
        "12 items and 14 links within 2 hops; stopped at depth 2; lineage goes on from 5 items at hop 2.",
        "",
        "farther:",
        "provena-mcp ask upstream sample/1000117 --depth 4 --sample",
    ]
    assert (told.returncode, told.stderr) == (0, "")


def shown(ask: Ask, *words: str) -> list[str]:
    """The lines of an answer, without the blanks that fill a terminal's line."""
    return [line.rstrip() for line in ask(*words).stdout.splitlines()]


def test_the_registrations_are_there_when_asked_for(ask: Ask):
    assert shown(ask, "upstream", RANKING, "--depth", "1", "--all")[:6] == [
        "What led to Restoration priorities 2025, with sea country values",
        "hops  type              name                                id",
        "1     model run         Rank sites with sea country values  sample/1000119",
        "1     person            Yuna Seo                            sample/1000100",
        "1     dataset template  Site ranking                        sample/1000105",
        "1     registration      Created item sample/1000117         sample/1000118",
    ]


def test_a_lineage_too_deep_for_the_terminal_is_a_table(ask: Ask):
    words = ("upstream", RANKING, "--depth", "20")
    assert "└── " in ask(*words, COLUMNS="100").stdout
    narrow = ask(*words, COLUMNS="80").stdout
    assert "└── " not in narrow
    assert narrow.splitlines()[1].split() == ["hops", "type", "name", "id"]


def test_a_path_is_read_downwards_with_what_was_done(ask: Ask):
    lines = shown(ask, "path", RANKING, "sample/1000112")
    assert lines[0].startswith("'Restoration priorities 2025, with sea country values' (dataset) came from")
    assert lines[-7:] == [
        "                  item                                                  id",
        "                  Restoration priorities 2025, with sea country values  sample/1000117",
        "was generated by  Rank sites with sea country values                    sample/1000119",
        "used              Coral cover ssp585 with outplanting, 2025-2050        sample/1000112",
        "",
        "how the runs on the path were done:",
        "provena-mcp ask item sample/1000119 --sample",
    ]


def test_without_a_path_both_ways_to_a_meeting_point_are_shown(ask: Ask):
    told = ask("path", RUN, OTHER_RUN)
    assert told.returncode == 1
    assert [line.rstrip() for line in told.stdout.splitlines()][-5:] == [
        "The shortest ways to where they meet:",
        "             item                                            id",
        "             Rank sites with sea country values              sample/1000119",
        "used         Coral cover ssp585 with outplanting, 2025-2050  sample/1000112",
        "was used by  Rank sites by coral benefit only                sample/1000122",
    ]


def test_runs_stand_beside_each_other(ask: Ask):
    told = ask("compare", RUN, OTHER_RUN)
    assert told.returncode == 1
    lines = [line.rstrip() for line in told.stdout.splitlines()]
    assert "differs                     A                                   B" in lines
    assert "model version               1.0                                 1.1" in lines
    assert "annotations: weights        coral 0.6, values 0.4               -" in lines
    assert "study                                Where to restore first (sample/1000109)" in lines


def test_an_audit_says_what_was_found_where_and_what_to_do(ask: Ask):
    told = ask("audit", RUN)
    assert told.returncode == 0
    assert told.stdout.splitlines()[:6] == [
        "Can be repeated, with caveats (2 warnings, 3 remarks); no longer current.",
        "Rank sites with sea country values  model run  sample/1000119",
        "",
        "warning  An input is not released: its files can still change. Have it released, or keep checksums.",
        "├── Coral cover ssp585 with outplanting, 2025-2050  sample/1000112  NOT_RELEASED",
        "└── Sea country values, Moore and Davies reefs  sample/1000115  NOT_RELEASED",
    ]


def test_an_item_is_told_by_name_and_what_cannot_be_read_is_told_apart(ask: Ask):
    told = ask("item", "sample/1000100", "sample/99")
    assert told.returncode == 1
    lines = [line.rstrip() for line in told.stdout.splitlines()]
    assert lines[0] == "Yuna Seo  person  sample/1000100"
    assert lines[-1] == "not found: sample/99"


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


def test_a_failure_is_json_too_where_json_was_asked_for(ask: Ask):
    told = ask("audit", RANKING, "--json")
    assert told.returncode == 2
    assert json.loads(told.stdout)["error"]["kind"] == "WrongSubtype"
    assert told.stderr.startswith("provena-mcp: 'sample/1000117' is a dataset")


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


def test_the_examples_of_the_help_are_answered(line: CommandLine):
    shown = re.findall(r"^ provena-mcp (ask .*?--sample)  ", line("ask", "--help").stdout, re.MULTILINE)
    assert len(shown) == 2
    assert [line(*shlex.split(command)).returncode for command in shown] == [0, 0]


HOSTILE = {
    "10378.1/1900900": "esc \x1b[31mred\x1b[2J",
    "10378.1/1900901": "to the left \u202egnihton",
    "10378.1/1900902": "[bold]tag[/bold] [link=http://x]",
    "10378.1/1900903": "x" * 4000,
    "10378.1/1900904": "👩\u200d🔬 日本語 \u05d0\u05d1",
    "10378.1/1900905": "<script>alert(1)</script>",
    "10378.1/1900906": "tab\tand\nline",
}


DRIVING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.mark.parametrize("question", [["item"], ["item", "--full"], ["upstream"], ["impact"], ["list"]])
def test_names_do_not_drive_the_terminal(line: CommandLine, tmp_path, question: list[str]):
    store = {"PROVENA_STORE": str(tmp_path / "hostile.sqlite")}
    items = tmp_path / "items.json"
    named = [model(item_id, display_name=name) for item_id, name in HOSTILE.items()]
    items.write_text(json.dumps(named), encoding="utf-8")
    assert line("local", "load", str(items), **store).returncode == 0
    asked = [[]] if question == ["list"] else [[item_id] for item_id in HOSTILE]
    for words in asked:
        told = line("ask", *question, *words, **store)
        assert told.returncode in (0, 1)
        assert DRIVING.findall(told.stdout + told.stderr) == []
    if question == ["list"]:
        assert "[bold]tag[/bold] [link=http://x]" in told.stdout


def test_a_condition_has_a_name_and_a_value(ask: Ask):
    told = ask("list", "--where", "coral")
    assert told.returncode == 2
    assert "'coral' is not NAME=VALUE." in told.stderr


def test_datasets_and_agents_are_two_questions(ask: Ask):
    assert ask("upstream", RANKING, "--datasets", "--agents").returncode == 2


def proposals(ask: Ask, *words: str) -> list[list[str]]:
    """The commands an answer proposes, without the program's name."""
    lines = ask(*words).stdout.splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("provena-mcp ask ")]


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


def test_a_list_is_a_page_with_its_total_or_a_count_by_groups(ask: Ask):
    assert shown(ask, "list", "--type", "STUDY", "--limit", "2")[:4] == [
        "id              type   name                    when",
        "sample/1000123  study  Mesophotic reef pilot   2025-05-12",
        "sample/1000109  study  Where to restore first  2024-06-10",
        "6 in all.",
    ]
    assert shown(ask, "list", "--type", "MODEL_RUN", "--group-by", "study")[:3] == [
        "items  study                             id",
        "6      Reef hindcast 2016-2019           sample/1000031",
        "5      Reef futures to 2050              sample/1000077",
    ]


def test_a_search_says_what_filters_left_out_and_what_tells_namesakes_apart(ask: Ask):
    assert shown(ask, "search", "heron reef survey", "--type", "DATASET", "--limit", "2")[3:7] == [
        "",
        "2 are called Coral cover survey, Heron Reef; they differ:",
        "id              organisation                    when                      licence",
        "sample/1000068  Wet Tropics Water Alliance      2021-05-03 to 2021-05-21  CC BY-NC 4.0",
    ]
    assert "Left out: " in shown(ask, "search", "coral", "--where", "licence=CC BY-NC 4.0")[-1]


def test_a_run_is_told_with_its_parts_and_in_full_as_its_record(ask: Ask):
    told = shown(ask, "item", RUN, "--with", "versions", "--with", "lineage_counts")
    assert told[0] == "Rank sites with sea country values  model run  sample/1000119"
    known = dict(each.strip().split("  ", 1) for each in told[2:] if each.startswith("  ") and each[2] != " ")
    assert known["model"].strip() == "ReefChoice (sample/1000101)"
    assert known["modeller"].strip() == "Yuna Seo (sample/1000100)"
    assert known["lineage counts"].strip() == "depth 10"
    assert '"item_subtype": "MODEL_RUN"' in "".join(shown(ask, "item", RUN, "--full"))


def test_the_audit_of_a_study_lists_its_runs(ask: Ask):
    *_, heading, first, second, third, incomplete = shown(ask, "audit", STUDY)
    assert incomplete.endswith("s at hop 10.")
    assert [heading, first, second, third] == [
        "              run                                 id",
        "with caveats  Outplanting under ssp585            sample/1000114",
        "with caveats  Rank sites with sea country values  sample/1000119",
        "with caveats  Rank sites by coral benefit only    sample/1000122",
    ]


def test_an_impact_is_told_kind_by_kind_with_whom_to_write_to(ask: Ask):
    told = shown(ask, "impact", BATHYMETRY, "--contacts")
    assert told[0].startswith("If 'Reef bathymetry and outlines' is wrong")
    assert "hops  datasets                                              released  id" in told
    assert any(each.startswith("Maren Holt") and "@" in each for each in told)
    assert "Newer version: Reef bathymetry and outlines  sample/1000072" in told


def test_circles_are_mentioned(ask: Ask):
    assert "1 group of items depend on each other in circles." in shown(
        ask, "upstream", "sample/1000037", "--depth", "6"
    )


def test_pages_asked_for_one_after_the_other_are_the_whole_list(line: CommandLine, ask: Ask):
    words, seen = ["list", "--type", "STUDY", "--limit", "4"], []
    while words:
        seen += [row["id"] for row in json.loads(ask(*words, "--json").stdout)["items"]]
        words = next((command[:-1] for command in proposals(ask, *words) if "--cursor" in command), [])
    whole = json.loads(ask("list", "--type", "STUDY", "--json").stdout)["items"]
    assert seen == [row["id"] for row in whole]
