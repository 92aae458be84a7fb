"""What a crate is as a whole: its name, the profile it follows, the engine that wrote it."""

from __future__ import annotations

from typing import Final

from provena_mcp.crates.crate_entities import name_of
from provena_mcp.crates.json_ld import Graph
from provena_mcp.crates.recorded_runs import RecordedSource
from provena_mcp.crates.terms import CAPTURE_DIGEST
from provena_mcp.rules.text import clean

# Each asks for more than the one before.
_PROFILES: Final = ("process", "workflow", "provenance")


def source_of(graph: Graph, name: str) -> RecordedSource:
    """The crate by its name, the fullest profile it conforms to, and who made it."""
    root = graph.root
    profiles = [each.id.rstrip("/") for each in graph.linked(root, "conformsTo") if "/wfrun/" in each.id]
    profiles = [each for each in profiles if each.split("/")[-2] in _PROFILES]
    most = max(profiles, key=lambda each: _PROFILES.index(each.split("/")[-2]), default=None)
    return RecordedSource(
        format="ro_crate",
        name=clean(name or root.text("name") or "", 200),
        profile=" ".join(most.split("/")[-2:]) if most else None,
        made_by=_made_by(graph),
        is_capture=any(
            each.text("propertyID") == CAPTURE_DIGEST for each in graph.linked(root, "identifier")
        ),
    )


def _made_by(graph: Graph) -> str | None:
    for action in graph.of_type("OrganizeAction"):
        for engine in graph.linked(action, "instrument"):
            return name_of(engine)
    for workflow in graph.linked(graph.root, "mainEntity"):
        for language in graph.linked(workflow, "programmingLanguage"):
            return name_of(language)
    return None
