import pytest

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle


@pytest.mark.parametrize(
    "written",
    [
        "10378.1/1900010",
        "  10378.1/1900010\n",
        "hdl:10378.1/1900010",
        "HDL: 10378.1/1900010",
        "https://hdl.handle.net/10378.1/1900010",
        "http://hdl.handle.net/10378.1%2F1900010",
        "https://registry.provena.example.org/item/10378.1/1900010",
        "https://data.provena.example.org/dataset/10378.1/1900010",
        "https://prov.provena.example.org/record/view?rootId=10378.1%2F1900010",
        "hdl://10378.1/1900010",
        "hdl.handle.net/10378.1/1900010",
        "https://hdl.handle.net/api/handles/10378.1/1900010",
        "https://doi.org/10378.1/1900010",
        "doi:10378.1/1900010",
        "info:hdl/10378.1/1900010",
        "provena://item/10378.1/1900010",
        "10378.1%2F1900010",
        "<https://hdl.handle.net/10378.1/1900010>",
        "hdl:/10378.1/1900010",
        "www.doi.org/10378.1/1900010",
        "HTTPS://HDL.HANDLE.NET/10378.1/1900010?noredirect",
        "Provena://item/10378.1%2F1900010",
        "'10378.1/1900010'",
        "`10378.1/1900010`",
        '"https://hdl.handle.net/10378.1/1900010"',
        "[Ranking](https://hdl.handle.net/10378.1/1900010)",
        "\ufeff10378.1/1900010\u200b",
        "<https://hdl.handle.net/10378.1/1900010>.",
        "`10378.1/1900010`),",
        "“10378.1/1900010”",
        "\u201810378.1/1900010\u2019,",
        "„10378.1/1900010“.",
        "«10378.1/1900010»",
        "10378.1/1900010”",
        "**10378.1/1900010**",
        "**10378.1/1900010**.",
        "*hdl:10378.1/1900010*",
        "__10378.1/1900010__)",
        "**`10378.1/1900010`**",
        "***“10378.1/1900010”***!",
        "**[Ranking](https://hdl.handle.net/10378.1/1900010)**",
        "[Ranking](https://hdl.handle.net/10378.1/1900010).",
    ],
)
def test_a_handle_is_read_however_it_was_pasted(written: str):
    assert parse_handle(written) == "10378.1/1900010"


@pytest.mark.parametrize("handle", ["h/a*", "h/a**", "h/a_", "h/(b)", "h/a.", "h/*a*", "h/_a_"])
def test_marks_that_a_handle_may_hold_stay_in_it(handle: str):
    assert parse_handle(handle) == handle
    assert parse_handle(f"**{handle}**") == handle


def test_ids_without_a_slash_are_handles_too():
    assert parse_handle("10023") == "10023"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "hdl:",
        "two words",
        "a\u202eb",
        "a\u200bb",
        "x' OR 1=1",
        "'",
        "provena://ITEMS/10378.1/1900010",
        "{id}",
        "https://example.org/elsewhere",
        "provena://report/STUDY/1/10378.1/1900010",
        "https://[",
        "x" * 300,
    ],
)
def test_what_cannot_be_a_handle_is_refused_with_an_example(written: str):
    with pytest.raises(ArgumentError) as failure:
        parse_handle(written, "starting_id")
    assert failure.value.parameter == "starting_id"
    assert "10378.1/1900010" in failure.value.advice
