"""Which role each dataset had in one run, where a crate that we wrote says so: a dataset may have several."""

from __future__ import annotations

from collections.abc import Mapping

from provena_mcp.crates.crate_entities import item_of, named_values
from provena_mcp.crates.json_ld import Entity, Graph
from provena_mcp.crates.recorded_runs import RecordedFile
from provena_mcp.crates.terms import RESOURCE, USE


def in_roles(
    graph: Graph, action: Entity, side: str, files: Mapping[str, RecordedFile]
) -> list[RecordedFile]:
    """The files of one side of an action, by id, once for each use of theirs; those without one as they are.

    Args:
        graph: All that the crate describes.
        action: The run.
        side: ``input`` or ``output``.
        files: What the run itself refers to; a use of anything else counts for nothing.
    """
    found: list[RecordedFile] = []
    for use in graph.linked(action, "additionalProperty"):
        used = files.get(use.text("value") or "")
        if use.text("propertyID") == USE and use.text("name") == side and used is not None:
            templates = graph.linked(use, "valueReference")
            stated = {name: value for key, name, value in named_values(graph, use) if key == RESOURCE}
            role = item_of(graph, templates[0]) if templates else used.template
            found.append(used.model_copy(update={"template": role, "resources": stated or used.resources}))
    in_a_role = {file.id for file in found}
    return [*found, *(file for file in files.values() if file.id not in in_a_role)]
