import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.rules.text import clean, clean_json, clean_object


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Coral cover, Heron Reef", "Coral cover, Heron Reef"),
        ("two\nlines\tand  gaps", "two lines and gaps"),
        ("abc\u202edef\u2066", "abcdef"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("hidden\U000e0049\U000e0067", "hidden"),
        ("selector\ufe0f\U000e0100", "selector"),
        ("filler\u3164\u2800\u180b", "filler"),
        ("\x1b[31mred\x00", "[31mred"),
        ("Åse Ørsted 日本 😀", "Åse Ørsted 日本 😀"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("👩\u200d🔬 and \u200d👩", "👩\u200d🔬 and 👩"),
        ("da\u200dta \u200c\u200d日\u200d\u200c\u200d本\u200c", "data 日\u200d本"),
    ],
)
def test_only_what_a_reader_sees_is_kept(written: str, shown: str):
    assert clean(written, 100) == shown


def test_long_text_is_cut_visibly():
    assert clean("x" * 30, 10) == "x" * 9 + "…"


@given(st.text(), st.integers(2, 40))
def test_cleaned_text_is_one_bounded_line_of_visible_characters(text: str, limit: int):
    shown = clean(text, limit)
    assert len(shown) <= limit
    seen = re.sub("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f\u200c\u200d])", "", shown)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in seen)
    assert clean(shown, limit) == shown


def test_every_string_in_an_object_is_cleaned_and_keeps_its_line_breaks():
    assert clean_object({"a\u200b": ["x\u202ey\nz", 1, None, {"b": "\x07"}]}) == {
        "a": ["xy\nz", 1, None, {"b": ""}]
    }


def test_a_long_string_in_an_object_is_cut_visibly_unless_all_of_it_is_wanted():
    assert clean_object({"a": ["x" * 30_000]}) == {"a": ["x" * 19_999 + "…"]}
    assert clean_json({"a": ["x" * 30_000]}, limit=None) == {"a": ["x" * 30_000]}
