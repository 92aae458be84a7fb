"""JSON merge patches, by the examples of RFC 7386 and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from provena_mcp.commands.update_run import merge_patch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_standard_hold(target: JsonValue, patch: JsonValue, result: JsonValue):
    assert merge_patch(target, patch) == result


@given(JSON, JSON)
def test_patching_twice_is_patching_once(target: JsonValue, patch: JsonValue):
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once


@given(JSON, st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_a_patched_value_is_not_changed_in_place(target: JsonValue, patch: JsonValue):
    before = repr(target)
    merge_patch(target, patch)
    assert repr(target) == before
