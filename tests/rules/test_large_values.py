"""The collector is one for all threads: whoever holds it back must not leave it off."""

import gc
import threading

from provena_mcp.rules.large_values import without_collections


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
