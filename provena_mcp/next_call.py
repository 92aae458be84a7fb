"""The names of all tools, and ``NextCall``: a follow-up call that an answer proposes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, WithJsonSchema

ToolName = Literal[
    "analyse_impact",
    "audit_reproducibility",
    "check_inputs",
    "compare_model_runs",
    "convert_model_runs",
    "convert_model_runs_to_csv_with_file",
    "create_item",
    "delete_model_run",
    "draft_model_runs",
    "explore_downstream",
    "explore_upstream",
    "fetch_items",
    "find_lineage_path",
    "generate_config_file",
    "generate_csv_template",
    "generate_report",
    "get_contributing_agents",
    "get_contributing_datasets",
    "get_effected_agents",
    "get_effected_datasets",
    "get_health_check",
    "get_job",
    "identify_file",
    "link_model_run_to_study",
    "list_items",
    "list_jobs",
    "open_document",
    "regenerate_csv_from_model_run_batch",
    "register_batch_model_runs",
    "register_model_run",
    "search_items",
    "show_lineage",
    "store_all_registry_records",
    "store_multiple_records",
    "store_record",
    "update_model_run",
    "what_changed",
]


# What the client's errors call by the names of its own methods.
TOOL_FOR: Final[Mapping[str, ToolName]] = {
    "health": "get_health_check",
    "jobs.list": "list_jobs",
    "prov.generate_report": "generate_report",
    "prov.register_batch": "register_batch_model_runs",
    "registry.list": "list_items",
    "search.search": "search_items",
}

_METHOD: Final = re.compile(r"`([a-z_.]+)`")


def naming_tools(advice: str) -> str:
    """``advice`` of the client, with the tools that do what its methods do."""
    return _METHOD.sub(lambda found: TOOL_FOR.get(found[1], found[0]), advice)


class NextCall(BaseModel):
    """A call that follows from an answer, complete."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    # The names stand in the list of tools: in the schema of every result they would cost more than they say.
    tool: Annotated[ToolName, WithJsonSchema({"type": "string"})]
    arguments: dict[str, JsonValue]
    why: str | None = None
