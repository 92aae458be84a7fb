"""Reading JSON value by value says what the standard library says of the whole, however it is cut."""

from __future__ import annotations

import io
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provena_mcp.embedded.json_stream import JsonReader

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# On a machine at work values are made slowly at times, which says nothing about the test.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(text: str, chunk: int) -> list[Any] | str:
    """The elements of an array, or why there are none."""
    reader = JsonReader(io.StringIO(text), chunk=chunk)
    try:
        found = list(reader.elements())
        reader.end()
    except ValueError as error:
        return str(error)
    return found


@unhurried
@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_an_array_is_read_as_a_whole_would_be(
    values: list[Any], chunk: int, indent: int | None, is_ascii: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=is_ascii)
    assert read(text, chunk) == json.loads(text)


@unhurried
@given(
    st.lists(VALUES, max_size=3).map(json.dumps),
    st.integers(1, 200),
    st.text(alphabet='[]{}",:1e-\\\n tu', max_size=3),
    st.integers(1, 100),
)
@example("[1, 2]", 6, "x", 1)
@example('["a", "b"]', 4, "\n", 1)
def test_a_spoilt_array_is_refused_with_the_place_that_the_standard_library_names(
    text: str, place: int, spoiling: str, chunk: int
) -> None:
    # The array begins whatever is spoilt.
    place = min(place, len(text))
    spoilt = text[:place] + spoiling + text[place + 1 :]
    try:
        expected: Any = json.loads(spoilt)
    except json.JSONDecodeError as error:
        expected = str(error)
        # Later versions of Python word this one otherwise, and place it at the comma.
        if "trailing comma" in expected:
            expected = None
    found = read(spoilt, chunk)
    if expected is None:
        assert isinstance(found, str)
    elif isinstance(expected, str | list):
        assert found == expected
    else:
        assert isinstance(found, str)


def test_keys_and_lines_are_read_in_turn() -> None:
    reader = JsonReader(io.StringIO('{"a": 1, "b": [2, 3]}\n{"c": "\u2028"}\r\n\n{}'), chunk=1)
    members = {key: reader.value() for key in reader.members()}
    assert (members, list(reader.lines())) == ({"a": 1, "b": [2, 3]}, ['{"c": "\u2028"}\r', "{}"])
