"""One change for every tool that writes, over the sample world: how it is asked for, and what it sends."""

from dataclasses import dataclass
from typing import Any

from provena_mcp.tools.toolsets import ALL_TOOLS
from tests.worlds.deployment import a_record

STUDY = "sample/1000031"
PERSON = {"first_name": "Ada", "last_name": "Okafor", "email": "ada@example.org", "ethics_approved": True}


@dataclass(frozen=True)
class Write:
    """A change: its arguments, and the one request that sends it."""

    arguments: dict[str, Any]
    path: str


def writes(own_run: str, other_run: str = "sample/1000042") -> dict[str, Write]:
    """A change by tool; ``own_run`` is the caller's and in no study, ``other_run`` is deleted and stored."""
    return {
        "register_model_run": Write({"record": a_record()}, "/prov-api/model_run/register"),
        "register_batch_model_runs": Write(
            {"records": [a_record(display_name="One of a batch")]}, "/prov-api/model_run/register_batch"
        ),
        "update_model_run": Write(
            {"model_run_id": own_run, "reason": "A better name", "changes": {"display_name": "Renamed"}},
            "/prov-api/model_run/update",
        ),
        "link_model_run_to_study": Write(
            {"model_run_id": own_run, "study_id": STUDY}, "/prov-api/model_run/edit/link_to_study"
        ),
        "create_item": Write(
            {"item_subtype": "PERSON", "item": PERSON}, "/registry-api/registry/agent/person/create"
        ),
        "store_record": Write({"registry_record": {"id": other_run}}, "/prov-api/admin/store_record"),
        "store_multiple_records": Write(
            {"registry_records": [{"id": other_run}, {"id": "sample/1000043"}], "validate_record": False},
            "/prov-api/admin/store_records",
        ),
        "store_all_registry_records": Write(
            {"validate_record": False}, "/prov-api/admin/store_all_registry_records"
        ),
        "delete_model_run": Write(
            {"model_run_id": other_run, "and_registry": True},
            "/registry-api/registry/activity/model_run/delete",
        ),
    }


WRITING = frozenset(tool.name for tool in ALL_TOOLS if tool.effect != "reads")
