"""The demo answers real questions on the sample, whatever this machine is configured for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provena_mcp.cli.demo_questions import QUESTIONS
from tests.cli.command_line import CommandLine, Ended

LINE = re.compile(r"\s+")


def told(output: str) -> list[str]:
    """What is printed for each question, white space folded."""
    sections = re.split(r"^\d+\. ", output, flags=re.MULTILINE)
    return [LINE.sub(" ", section) for section in sections]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a deployment is configured, which must neither be asked nor change what is shown."""
    made = tmp_path_factory.mktemp("demo")
    (made / ".env").write_text("PROVENA_TOOLSETS=health\n", encoding="utf-8")
    (made / "temporary").mkdir()
    return made


@pytest.fixture(scope="module")
def shown(folder: Path) -> Ended:
    elsewhere = {"PROVENA_DOMAIN": "provena.example.org", "PROVENA_REALM": "r", "COLUMNS": "100"}
    return CommandLine(folder, elsewhere).process("demo", TMPDIR=str(folder / "temporary"))


@pytest.mark.slow
def test_the_demo_asks_answers_and_leaves_nothing_behind(shown: Ended, folder: Path):
    assert (shown.returncode, shown.stderr) == (0, "")
    assert sorted(path.name for path in folder.iterdir()) == [".env", "temporary"]
    assert list((folder / "temporary").iterdir()) == []

    opening, *answers = told(shown.stdout)
    assert "SAMPLE" in opening
    assert len(answers) == len(QUESTIONS) >= 6
    for question, answer in zip(QUESTIONS, answers, strict=True):
        assert answer.startswith(f"{question.asks} {question.call.tool} ")
        assert re.search(r"-> about [\d,]+ tokens ", answer)


@pytest.mark.slow
def test_the_answers_are_the_sample_worlds(shown: Ended):
    found, made, fed, credit, affected, warn, outdated, versions, recorded = told(shown.stdout)[1:]
    assert "sample/1000041" in found
    assert "ReefChoice 1.0 by Yuna Seo for Coral Coast Research Institute" in made
    assert "used Sea country values, Moore and Davies reefs" in made
    assert "12 Global atmospheric reanalysis 2016-2019 sample/1000030" in fed
    assert "that is all of it." in fed
    assert "Callum Reyes" in credit
    assert "2 Currents and temperature 2016-2019, 1 km sample/1000041" in affected
    assert "Oskar Brandt" in warn
    assert "Callum Reyes" not in warn
    assert "template Reef hydrodynamics" in recorded
    assert "input Moore Reef mooring winds 2018.nc, known by: name" in recorded
    assert "to create DATASET moore_reef_currents_rerun.nc" in recorded
    assert "The template asks for 'scenario'." in recorded
    assert re.findall(r"sample/\d+", outdated.partition("tokens")[2]) == [
        f"sample/10000{number}" for number in (16, 42, 43, 90)
    ]
    assert "2.0 2 2023-11-13 Currents ssp585" in versions
