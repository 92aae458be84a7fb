"""What each method sends, and what it makes of the answer."""

import json

import pytest

from provena_mcp.client import CreatedItem, ItemPage, JobPage, TypedItem, UnreadRow
from provena_mcp.wire.base import HealthAnswer, Status
from provena_mcp.wire.items import RegistryItem, StudyItem
from provena_mcp.wire.jobs import Job
from provena_mcp.wire.registry import (
    ListFilter,
    ListRequest,
    SearchHit,
    UserDetails,
    VersionAnswer,
    VersionDetails,
)
from provena_mcp.wire.runs import DiffAction, SubmissionAnswer
from tests.client.answers import JOB, OK, SEED, STUDY, WIRE_RECORD, prov, registry, sent
from tests.client.provena_stand_in import BASE, RECORD, json_answer

BROKEN = {"id": "10378.1/5", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"}
SUBMITTED = SubmissionAnswer(session_id="7c0f", status=Status(success=True, details="fine"))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "request_line", "body", "answer", "value"),
    [
        (
            prov("register", RECORD),
            "POST /prov-api/model_run/register",
            WIRE_RECORD,
            {"status": OK, "session_id": "7c0f"},
            SUBMITTED,
        ),
        (
            prov("register_batch", (RECORD, RECORD)),
            "POST /prov-api/model_run/register_batch",
            {"records": [WIRE_RECORD, WIRE_RECORD]},
            {"status": OK, "session_id": "7c0f"},
            SUBMITTED,
        ),
        (
            prov("update", "10378.1/1", "a typo", RECORD),
            "POST /prov-api/model_run/update",
            {"model_run_id": "10378.1/1", "reason": "a typo", "record": WIRE_RECORD},
            {"session_id": "7c0f"},
            SubmissionAnswer(session_id="7c0f"),
        ),
        (
            prov("link_to_study", "10378.1/1", "10378.1/3"),
            "POST /prov-api/model_run/edit/link_to_study?model_run_id=10378.1%2F1&study_id=10378.1%2F3",
            None,
            {"status": OK, "session_id": "7c0f", "model_run_id": "10378.1/1"},
            SubmissionAnswer.model_validate(
                {"status": OK, "session_id": "7c0f", "model_run_id": "10378.1/1"}
            ),
        ),
        (
            prov("delete_model_run", "10378.1/1"),
            "POST /prov-api/model_run/delete",
            {"record_id": "10378.1/1", "trial_mode": True},
            {"diff": [{"action_type": "REMOVE_NODE", "node_id": "10378.1/1"}]},
            (DiffAction(action_type="REMOVE_NODE", node_id="10378.1/1"),),
        ),
        (
            prov("delete_model_run", "10378.1/1", trial=False),
            "POST /prov-api/model_run/delete",
            {"record_id": "10378.1/1", "trial_mode": False},
            {"diff": []},
            (),
        ),
        (
            prov("check_access"),
            "GET /prov-api/check-access/check-general-access",
            None,
            {"username": "jane", "email": None, "roles": ["entity-registry-read"], "access_token": "t0p"},
            UserDetails(username="jane", roles=("entity-registry-read",)),
        ),
        (
            prov("store_record", STUDY, validate_record=False),
            "POST /prov-api/admin/store_record?validate_record=false",
            STUDY,
            {"status": OK},
            Status(success=True, details="fine"),
        ),
        (
            prov("store_records", (STUDY, SEED)),
            "POST /prov-api/admin/store_records?validate_record=true",
            [STUDY, SEED],
            {"status": OK},
            Status(success=True, details="fine"),
        ),
        (
            prov("store_all_registry_records"),
            "POST /prov-api/admin/store_all_registry_records?validate_record=true",
            None,
            {"status": OK},
            Status(success=True, details="fine"),
        ),
        (
            registry("fetch", "10378.1/3"),
            "GET /registry-api/registry/general/fetch?id=10378.1%2F3",
            None,
            {"status": OK, "item": STUDY},
            StudyItem.model_validate(STUDY),
        ),
        (
            registry("fetch_typed", "STUDY", "10378.1/3"),
            "GET /registry-api/registry/activity/study/fetch?id=10378.1%2F3&seed_allowed=false",
            None,
            {"status": OK, "item": STUDY, "roles": ["metadata-read"], "locked": True, "item_is_seed": False},
            TypedItem(StudyItem.model_validate(STUDY), ("metadata-read",), locked=True, is_seed=False),
        ),
        (
            registry("list", ListRequest(filter_by=ListFilter(item_subtype="STUDY"), page_size=5)),
            "POST /registry-api/registry/general/list",
            {"filter_by": {"item_subtype": "STUDY", "record_type": "COMPLETE_ONLY"}, "page_size": 5},
            {"status": OK, "items": [STUDY, BROKEN], "pagination_key": {"id": "10378.1/5"}},
            ItemPage((StudyItem.model_validate(STUDY),), (UnreadRow("10378.1/5"),), {"id": "10378.1/5"}),
        ),
        (
            registry("list_typed", "STUDY", ListRequest()),
            "POST /registry-api/registry/activity/study/list",
            {"page_size": 20},
            {
                "status": {"success": False, "details": "1 could not be parsed"},
                "items": [STUDY],
                "seed_items": [SEED],
                "unparsable_items": [BROKEN],
                "pagination_key": None,
            },
            ItemPage(
                (StudyItem.model_validate(STUDY), RegistryItem.model_validate(SEED)),
                (UnreadRow("10378.1/5"),),
                None,
            ),
        ),
        (
            registry("create", "STUDY", {"title": "Reef", "study_alternative_id": None}),
            "POST /registry-api/registry/activity/study/create",
            {"title": "Reef", "study_alternative_id": None},
            {"status": OK, "created_item": STUDY, "register_create_activity_session_id": "s1"},
            CreatedItem(StudyItem.model_validate(STUDY), "s1"),
        ),
        (
            registry("seed", "STUDY"),
            "POST /registry-api/registry/activity/study/seed",
            None,
            {"status": OK, "seeded_item": SEED},
            RegistryItem.model_validate(SEED),
        ),
        (
            registry("update", "STUDY", "10378.1/3", {"title": "Reef"}, reason="a typo"),
            "PUT /registry-api/registry/activity/study/update?id=10378.1%2F3&reason=a+typo",
            {"title": "Reef"},
            {"status": OK, "register_create_activity_session_id": "s3"},
            "s3",
        ),
        (
            registry("version", "MODEL", "10378.1/3", "v2"),
            "POST /registry-api/registry/entity/model/version",
            {"id": "10378.1/3", "reason": "v2"},
            {"new_version_id": "10378.1/9", "version_job_session_id": "s2"},
            VersionAnswer(new_version_id="10378.1/9", version_job_session_id="s2"),
        ),
        (
            registry("delete", "STUDY", "10378.1/3"),
            "DELETE /registry-api/registry/activity/study/delete?id=10378.1%2F3",
            None,
            {"status": OK},
            None,
        ),
        (
            registry("validate", "STUDY", {"title": ""}),
            "POST /registry-api/registry/activity/study/validate",
            {"title": ""},
            {"status": {"success": False, "details": "no title"}},
            Status(success=False, details="no title"),
        ),
        (
            registry("version_details"),
            "GET /registry-api/registry/general/about/version",
            None,
            {"commit_id": "abc", "tag_name": None},
            VersionDetails.model_validate({"commit_id": "abc", "tag_name": None}),
        ),
        (
            lambda client: client.search.search("coral reef", "DATASET", 5),
            "GET /search/search/entity-registry?query=coral+reef&record_limit=5&subtype_filter=DATASET",
            None,
            {"status": OK, "results": [{"id": "10378.1/3", "score": 7.5}], "warnings": None},
            (SearchHit(id="10378.1/3", score=7.5),),
        ),
        (
            lambda client: client.search.search("coral"),
            "GET /search/search/entity-registry?query=coral&record_limit=10",
            None,
            {"status": OK, "results": [], "warnings": None},
            (),
        ),
        (
            lambda client: client.jobs.fetch("7c0f"),
            "GET /job-api/jobs/user/fetch?session_id=7c0f",
            None,
            {"job": JOB},
            Job(session_id="7c0f", status="SUCCEEDED", payload={"record": {}}),
        ),
        (
            lambda client: client.jobs.list(2, {"k": 1}),
            "POST /job-api/jobs/user/list",
            {"limit": 2, "pagination_key": {"k": 1}},
            {"jobs": [JOB, {"odd": True}], "pagination_key": None},
            JobPage((Job(session_id="7c0f", status="SUCCEEDED", payload={"record": {}}),), unreadable=1),
        ),
        (
            lambda client: client.jobs.list_batch("b1"),
            "POST /job-api/jobs/user/list_batch",
            {"batch_id": "b1", "limit": 50, "pagination_key": None},
            {"jobs": [], "pagination_key": None},
            JobPage(()),
        ),
        (
            lambda client: client.auth.linked_person(),
            "GET /auth-api/link/user/lookup",
            None,
            {"person_id": "10378.1/7", "success": True},
            "10378.1/7",
        ),
        (
            lambda client: client.auth.linked_person("jane doe"),
            "GET /auth-api/link/user/lookup?username=jane+doe",
            None,
            {"person_id": None, "success": False},
            None,
        ),
        (
            lambda client: client.search.health(),
            "GET /search/",
            None,
            {"message": "Health check successful."},
            HealthAnswer(message="Health check successful."),
        ),
    ],
)
async def test_each_method_sends_what_its_route_takes_and_reads_what_it_gives(
    call, request_line, body, answer, value
):
    request, got = await sent(call, json_answer(answer))
    target = str(request.url).removeprefix(BASE)
    assert f"{request.method} {target}" == request_line
    assert (json.loads(request.content) if request.content else None) == body
    assert (request.headers.get("content-type") == "application/json") == (body is not None)
    assert got == value
