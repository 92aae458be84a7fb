"""Hashes of files in annotations: what is written is read back, and what others wrote is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provena_mcp.rules.records.annotations import HashedFile, hash_annotations, hashed_files

_A, _B = "a" * 64, "b" * 64

_names = st.text(st.characters(blacklist_categories=["C", "Z"], blacklist_characters="|/"), min_size=1)
_files = st.builds(
    HashedFile,
    st.sampled_from([_A, _B]),
    st.sampled_from(["input", "output"]),
    _names,
    st.none() | st.just("10378.1/1900002"),
)


def test_a_hash_is_kept_with_the_role_the_name_and_the_dataset() -> None:
    files = [
        HashedFile(_A, "input", "rain 2020.csv", "10378.1/1900001"),
        HashedFile(_B, "output", "flow.csv"),
        HashedFile(_A, "output", "copy.csv"),
    ]
    assert hash_annotations(files) == {
        f"sha256:{_A}": "input rain 2020.csv in 10378.1/1900001 | output copy.csv",
        f"sha256:{_B}": "output flow.csv",
    }


@given(st.lists(_files, unique=True))
def test_what_is_kept_is_read_back(files: list[HashedFile]) -> None:
    assert set(hashed_files(hash_annotations(files))) == set(files)


def test_annotations_of_others_are_no_hashes() -> None:
    others = {
        "scenario": "baseline",
        "sha256:123": "input too-short.csv",
        f"sha256:{_A}": "checked by hand",
        f"SHA256:{_B.upper()}": "output shouted.csv",
    }
    assert hashed_files(others) == (HashedFile(_B, "output", "shouted.csv"),)
    assert hashed_files(None) == ()
