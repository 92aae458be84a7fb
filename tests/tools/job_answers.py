"""Jobs as the job service answers with them."""

from typing import Any

FETCH_JOB = "/job-api/jobs/user/fetch"
LIST_JOBS = "/job-api/jobs/user/list"
LIST_BATCH = "/job-api/jobs/user/list_batch"


def a_job(**fields: Any) -> dict[str, Any]:
    """A registration that succeeded; ``fields`` replace others."""
    job = {
        "session_id": "5b0c0f9e",
        "created_timestamp": 1_700_000_000,
        "username": "jane",
        "batch_id": None,
        "payload": {"record": {"display_name": "Moore Reef"}, "user_info": "cipher-of-the-login"},
        "job_type": "PROV_LODGE",
        "job_sub_type": "MODEL_RUN_PROV_LODGE",
        "status": "SUCCEEDED",
        "info": None,
        "result": None,
    }
    return {**job, **fields}
