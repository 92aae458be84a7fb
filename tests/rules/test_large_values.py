"""The collector, one for all threads, is never left off; memos, one for all callers, keep short texts."""

import gc
import threading

from provena_mcp.rules.large_values import remembered, without_collections


def enabled_within() -> tuple[bool, bool]:
    """Whether the collector runs within a stretch, and after it."""
    with without_collections():
        within = gc.isenabled()
    return within, gc.isenabled()


def test_the_main_thread_collects_nothing_meanwhile_and_leaves_the_collector_as_it_was() -> None:
    assert enabled_within() == (False, True)
    with without_collections():
        assert enabled_within() == (False, False)
    assert gc.isenabled()


def test_a_thread_never_turns_the_collector_off_nor_on() -> None:
    found: list[tuple[bool, bool]] = []

    def look() -> None:
        found.append(enabled_within())

    def look_beside() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    look_beside()
    with without_collections():
        look_beside()

    assert found == [(True, True), (False, False)]


def test_short_texts_are_remembered_and_long_ones_are_made_anew() -> None:
    made: list[str] = []

    @remembered(2, longest=3)
    def doubled(text: str) -> str:
        made.append(text)
        return 2 * text

    assert [doubled(text) for text in ("abc", "abcd", "abc", "abcd")] == ["abcabc", "abcdabcd"] * 2
    assert made == ["abc", "abcd", "abcd"]
