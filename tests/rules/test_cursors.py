import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provena_mcp.errors import CursorError
from provena_mcp.rules.cursors import decode_cursor, encode_cursor


@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_cursor_gives_back_the_position_it_was_made_for(position):
    assert decode_cursor("list:DATASET", encode_cursor("list:DATASET", position)) == position


def test_a_cursor_of_another_question_says_to_start_over():
    with pytest.raises(CursorError) as failure:
        decode_cursor("list:MODEL", encode_cursor("list:DATASET", 20))
    assert failure.value.message == "The cursor belongs to another question."
    assert failure.value.advice == "Call the tool again without a cursor to start over."


@example(base64.urlsafe_b64encode(b"[" * 100_000).decode())
@given(st.text(max_size=60))
def test_any_other_text_is_not_a_cursor(text: str):
    with pytest.raises(CursorError):
        decode_cursor("list:DATASET", text)
