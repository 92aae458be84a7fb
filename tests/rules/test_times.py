import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.times import cell_of_seconds, seconds_of_cell, seconds_of_iso, with_times_in_seconds
from provena_mcp.wire.items import JsonObject


def test_iso_times_of_a_record_become_unix_seconds_and_everything_else_stays() -> None:
    raw: JsonObject = {
        "start_time": "2023-01-13T10:00:00+10:00",
        "end_time": "2023-01-13T00:00:00.9Z",
        "x": "2023",
    }

    assert with_times_in_seconds(raw) == {"start_time": 1673568000, "end_time": 1673568000, "x": "2023"}
    others: list[JsonObject] = [
        {"start_time": 5},
        {"start_time": "5"},
        {"start_time": "2023-01-13T10:00:00"},
        {},
    ]
    for untouched in others:
        assert with_times_in_seconds(untouched) == untouched
    assert with_times_in_seconds({}) == {}


@pytest.mark.parametrize(
    "text", ["yesterday", "2023-01-13", "2023-01-13T10:00:00", "13/01/2023 10:00+10:00", ""]
)
def test_a_time_without_an_offset_or_that_is_none_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        seconds_of_iso(text, "start_time")

    assert refused.value.parameter == "start_time"
    assert "2023-01-13T10:00:00+10:00" in refused.value.advice


@settings(max_examples=100, deadline=None)
@given(st.integers(-62135596800, 253402300799))
def test_a_time_written_to_a_cell_is_read_back(seconds: int) -> None:
    assert seconds_of_cell(cell_of_seconds(seconds)) == seconds


def test_cells_may_use_slashes_and_leave_their_offset_to_the_server() -> None:
    assert seconds_of_cell("2023/01/13 10:00:00+10:00") == 1673568000
    assert seconds_of_cell("2023-01-13 00:00:00") == 1673568000
    assert cell_of_seconds(1673568000) == "2023-01-13 00:00:00+00:00"
    with pytest.raises(ValueError):
        cell_of_seconds(1673568000000)
