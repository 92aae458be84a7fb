"""Which runs of a crate are steps of the run of a whole workflow."""

from __future__ import annotations

from collections.abc import Sequence

from provena_mcp.crates.json_ld import Entity, Graph


def steps_of(graph: Graph, actions: Sequence[Entity]) -> dict[str, str]:
    """The id of the whole's run by the id of each step's.

    A whole is the one run of the crate's main workflow. Its steps are what a ControlAction started, what ran
    a part of the workflow, and what the engine did in its course.
    """
    wholes = [action for action in actions if _main_workflow(graph) & _instruments(graph, action)]
    if len(wholes) != 1:
        return {}
    whole = wholes[0]
    started = {
        each.id for control in graph.of_type("ControlAction") for each in graph.linked(control, "object")
    }
    engines = {
        each.id for action in graph.of_type("OrganizeAction") for each in graph.linked(action, "instrument")
    }
    inner = _parts(graph, whole) | engines
    return {
        action.id: whole.id
        for action in actions
        if action is not whole and (action.id in started or _instruments(graph, action) & inner)
    }


def _main_workflow(graph: Graph) -> set[str]:
    return {each.id for each in graph.linked(graph.root, "mainEntity")}


def _instruments(graph: Graph, action: Entity) -> set[str]:
    return {each.id for each in graph.linked(action, "instrument")}


def _parts(graph: Graph, whole: Entity) -> set[str]:
    """The parts of the workflow, and theirs; a cycle ends where it began."""
    found: set[str] = set()
    waiting = [*graph.linked(whole, "instrument")]
    while waiting:
        entity = waiting.pop()
        for part in graph.linked(entity, "hasPart"):
            if part.id not in found:
                found.add(part.id)
                waiting.append(part)
    return found - _instruments(graph, whole)
