"""What is kept of large answers: as much as fits, and nothing that is too old."""

import gc
import weakref

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.lineage.lineage_page import size_of
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph


def chain(length: int) -> ProvenanceGraph:
    kinds = {f"r{number}": Kind("ACTIVITY", "MODEL_RUN") for number in range(length)}
    links = tuple(Link(f"r{number}", "wasInformedBy", f"r{number + 1}") for number in range(length - 1))
    return ProvenanceGraph(kinds, links)


def test_a_special_lineage_weighs_what_lies_around_it_too() -> None:
    nothing, around = ProvenanceGraph(), chain(10)

    special = Lineage(nothing, "contributing_agents", "r0", 9, around=around)
    beside = Lineage(chain(3), "contributing_datasets", "r0", 9, around=around)
    whole = Lineage(around, "contributing_datasets", "r0", 9, around=around)

    assert [size_of(lineage) for lineage in (special, beside, whole)] == [19, 24, 19]


def test_a_lineage_that_is_too_old_is_let_go_when_another_is_kept() -> None:
    now = [0.0]
    recent = BoundedCache[str, Lineage](
        entries=8, seconds=120.0, clock=lambda: now[0], weigh=size_of, most_weight=100
    )
    old = Lineage(chain(5), "upstream", "r0", 9)
    recent.put("old", old)
    let_go = weakref.ref(old)
    del old
    now[0] = 60.0
    recent.put("newer", Lineage(chain(5), "upstream", "r0", 9))
    recent.get("old")
    now[0] = 121.0

    recent.put("new", Lineage(chain(5), "upstream", "r0", 9))

    gc.collect()
    assert (len(recent), let_go()) == (2, None)
