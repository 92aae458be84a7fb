"""Every subtype of job with what it does."""

from __future__ import annotations

from typing import Final

from provena_mcp.embedded.jobs.activity_tasks import ACTIVITY_TASKS
from provena_mcp.embedded.jobs.report_tasks import REPORT_TASKS
from provena_mcp.embedded.jobs.run_tasks import RUN_TASKS
from provena_mcp.embedded.jobs.tasks import NoPayload, Task, succeed
from provena_mcp.wire.jobs import JobSubtype

TASKS: Final[dict[JobSubtype, Task]] = {
    **RUN_TASKS,
    **ACTIVITY_TASKS,
    **REPORT_TASKS,
    "PROV_LODGE_WAKE_UP": Task(succeed, NoPayload),
    "REGISTRY_WAKE_UP": Task(succeed, NoPayload),
    "EMAIL_WAKE_UP": Task(succeed, NoPayload),
}
