import hashlib
import random
import string
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from evals.asking import tokens
from evals.fire_weather import fire_weather
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.view import LineageView, view_lineage
from provena_mcp.rules.budgets import estimate_tokens, size_of, take_within
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.recordings.recorded import read_items
from tests.worlds.lineages import NAMES, Question, questions

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover


def a_fan_of_inputs(names: list[str]) -> tuple[LineageView, dict[str, str]]:
    """A run that used one dataset for each name."""
    ids = [f"10378.1/{1_900_000 + number}" for number in range(len(names))]
    graph = ProvenanceGraph(
        {"10378.1/1800000": Kind("ACTIVITY", "MODEL_RUN")} | dict.fromkeys(ids, Kind("ENTITY", "DATASET")),
        tuple(Link("10378.1/1800000", "used", item_id) for item_id in ids),
    )
    return view_lineage(Lineage(graph, "upstream", "10378.1/1800000", 3)), dict(zip(ids, names, strict=True))


def estimate_against_truth(names: list[str]) -> float:
    view, named = a_fan_of_inputs(names)
    text = plan_page(view, PageRequest(max_tokens=100_000)).write(named).model_dump_json(exclude_none=True)
    return estimate_tokens(text) / tokens(text)


SCIENCE = [
    f"{place} Reef {subject} {year}, release {1 + year % 4}"
    for place in ("Heron", "Agincourt", "Lodestone", "Myrmidon", "Davies")
    for subject in ("sea surface temperature", "larval connectivity", "degree heating weeks", "coral cover")
    for year in range(2010, 2016)
]


def digests(alphabet: str) -> list[str]:
    chance = random.Random(7)
    return ["".join(chance.choices(alphabet, k=32)) for _ in range(100)]


@pytest.mark.parametrize(
    ("names", "at_most"),
    [
        pytest.param(SCIENCE, 1.25, id="names of datasets"),
        pytest.param(
            [f"{name.split()[0]}_run_{number}" for number, name in enumerate(SCIENCE)], 1.25, id="run names"
        ),
        pytest.param([hashlib.sha256(name.encode()).hexdigest() for name in SCIENCE], 1.25, id="digests"),
        pytest.param(digests("0123456789ABCDEF"), 1.25, id="capital digests"),
        pytest.param(digests(string.ascii_lowercase), 1.25, id="random letters"),
        pytest.param(["ereefs_gbr4_h2p0_b3p1.nc", "sea_surface_daily_mean_v2.nc"] * 40, 1.25, id="files"),
        pytest.param(
            ["Temperaturdaten der Nordsee", "Données de température à Nouméa"] * 40, 1.5, id="Europe"
        ),
        pytest.param(
            ["珊瑚礁海水温度数据集", "サンゴ礁の水温データ", "산호초 수온 데이터"] * 30, 1.5, id="East Asia"
        ),
        pytest.param(["🪸🐠🌊 reef", "📊 results 📈", "Данные моря"] * 30, 1.6, id="pictures and Cyrillic"),
        pytest.param([""] * 80, 1.25, id="no names"),
    ],
)
def test_results_are_never_estimated_below_their_tokens_nor_far_above(
    names: list[str], at_most: float
) -> None:
    assert 1 <= estimate_against_truth(names) <= at_most


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(question=questions(), name=NAMES)
def test_random_results_are_not_estimated_below_their_tokens(question: Question, name: str) -> None:
    view = question.view()

    text = plan_page(view, PageRequest()).write({view.start: name}).model_dump_json(exclude_none=True)

    assert tokens(text) <= estimate_tokens(text)


@pytest.mark.parametrize(
    "items", [read_items(), list(fire_weather().items)], ids=["recorded", "fire weather"]
)
def test_results_with_the_names_of_whole_registries_are_estimated_well(items: list[dict[str, Any]]) -> None:
    assert 1 <= estimate_against_truth([item["display_name"] for item in items]) <= 1.25


class Part(BaseModel):
    text: str


@given(st.lists(st.text(max_size=40).map(lambda text: Part(text=text)), max_size=12), st.integers(0, 120))
def test_what_is_taken_is_the_longest_start_that_fits_and_at_least_the_first(parts: list[Part], budget: int):
    taken = take_within(parts, budget)
    assert taken == tuple(parts[: len(taken)])
    assert sum(map(size_of, taken)) <= budget or len(taken) == min(1, len(parts))
    if len(taken) < len(parts):
        assert sum(map(size_of, parts[: len(taken) + 1])) > budget


def test_nothing_is_kept_of_long_words_that_were_counted() -> None:
    tracemalloc.start()
    for number in range(100):
        estimate_tokens(f"{chr(97 + number % 26) * (100_000 + number)} {'-' * (100_000 + number)}")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000
