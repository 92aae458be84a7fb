"""What an edit changed is told field by field, in words."""

import pytest
from pydantic import JsonValue

from provena_mcp.queries.items.edits import changes


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": "old"}}, {"a": {"b": "new"}}, [("a.b", "old", "new")]),
        ({}, {"limits": "None."}, [("limits", None, "None.")]),
        ({"keywords": ["reef"]}, {"keywords": ["reef", "coral"]}, [("keywords", "reef", "reef, coral")]),
        ({"open": True}, {"open": False}, [("open", "yes", "no")]),
        (
            {"inputs": [{"id": "x"}]},
            {"inputs": [{"id": "y"}, {"id": "z", "role": None}]},
            [("inputs[0].id", "x", "y"), ("inputs[1]", None, "id: z; role: nothing")],
        ),
        ({"dates": {"from": "2020"}}, {"dates": None}, [("dates", "from: 2020", None)]),
        ("seed", {"a": 1}, [("the record", "seed", "a: 1")]),
    ],
)
def test_each_field_is_told_before_and_after(
    before: JsonValue, after: JsonValue, told: list[tuple[str, str | None, str | None]]
) -> None:
    found = changes(before, after) or ()
    assert [(change.field, change.was, change.now) for change in found] == told
