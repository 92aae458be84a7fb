"""What each method sends, and what it makes of the answer."""

import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import (
    CreatedItem,
    ItemPage,
    JobPage,
    ProvenaClient,
    RefreshToken,
    ReportDocument,
    ReportJob,
    TypedItem,
    UnreadRow,
)
from provena_mcp.errors import (
    ArgumentError,
    DeploymentError,
    ForbiddenError,
    MalformedAnswerError,
    NotFoundError,
    ProvenaError,
    RejectedError,
    UnavailableError,
)
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
from provena_mcp.wire.runs import ConvertAnswer, DiffAction, SubmissionAnswer
from tests.client.provena_stand_in import BASE, QUICK, RECORD, Script, client_over, endpoints, json_answer

OK = {"success": True, "details": "fine"}
WIRE_RECORD = {
    "workflow_template_id": "10378.1/5",
    "inputs": [],
    "outputs": [],
    "display_name": "Run",
    "description": "A run.",
    "associations": {"modeller_id": "10378.1/7"},
    "start_time": 1,
    "end_time": 2,
}
STUDY = {
    "id": "10378.1/3",
    "item_category": "ACTIVITY",
    "item_subtype": "STUDY",
    "display_name": "Reef",
    "title": "Reef study",
    "user_metadata": None,
    "extra": {"kept": True},
}
SEED = {"id": "10378.1/4", "item_category": "ACTIVITY", "item_subtype": "STUDY", "record_type": "SEED_ITEM"}
BROKEN = {"id": "10378.1/5", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"}
JOB = {"session_id": "7c0f", "status": "SUCCEEDED", "payload": {"record": {}, "user_info": "cipher"}}
RUN_JOB = {
    "session_id": "7c10",
    "status": "SUCCEEDED",
    "batch_id": "b1",
    "job_sub_type": "MODEL_RUN_PROV_LODGE",
    "result": {"record": {"id": "10378.1/1"}},
}
SUBMITTED = SubmissionAnswer(session_id="7c0f", status=Status(success=True, details="fine"))


async def sent(call, answer: httpx.Response) -> tuple[httpx.Request, Any]:
    script = Script([answer])
    async with client_over(script) as client:
        value = await call(client)
    (request,) = script.requests
    return request, value


def prov(method: str, *arguments: object, **options: object):
    return lambda client: getattr(client.prov, method)(*arguments, **options)


def registry(method: str, *arguments: object, **options: object):
    return lambda client: getattr(client.registry, method)(*arguments, **options)


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


@pytest.mark.asyncio
async def test_an_item_gives_back_the_json_it_was_read_from():
    _, item = await sent(registry("fetch", "10378.1/3"), json_answer({"status": OK, "item": STUDY}))
    assert isinstance(item, StudyItem)
    assert item.as_json() == STUDY


@pytest.mark.asyncio
async def test_a_typed_list_without_items_is_a_failure_when_it_says_so():
    answer = json_answer({"status": {"success": False, "details": "no"}, "items": None})
    with pytest.raises(RejectedError):
        await sent(registry("list_typed", "STUDY", ListRequest()), answer)


@pytest.mark.asyncio
async def test_the_token_that_access_checks_echo_is_dropped():
    answer = json_answer({"username": "jane", "roles": [], "access_token": "t0p"})
    _, user = await sent(prov("check_access", "write"), answer)
    assert "t0p" not in f"{user!r} {user.model_dump()}"


@pytest.mark.asyncio
async def test_csv_files_come_byte_for_byte():
    content = b'"a, b",\xc3\xa4\r\n'
    answer = httpx.Response(200, content=content, headers={"content-type": "text/csv; charset=utf-8"})
    request, got = await sent(prov("generate_template_csv", "10378.1/5"), answer)
    assert (request.url.path, dict(request.url.params)) == (
        "/prov-api/bulk/generate_template/csv",
        {"workflow_template_id": "10378.1/5"},
    )
    assert got == content
    request, got = await sent(prov("regenerate_csv", "b1"), answer)
    assert (request.url.path, dict(request.url.params)) == (
        "/prov-api/bulk/regenerate_from_batch/csv",
        {"batch_id": "b1"},
    )
    assert got == content


@pytest.mark.asyncio
async def test_a_login_page_is_no_csv_file():
    with pytest.raises(MalformedAnswerError, match="web page"):
        await sent(prov("generate_template_csv", "10378.1/5"), httpx.Response(200, html="<html>"))


@pytest.mark.asyncio
async def test_csv_to_convert_is_uploaded_as_it_is():
    answer = {"status": OK, "new_records": [WIRE_RECORD], "existing_records": ["7c0f"], "warnings": []}
    request, got = await sent(prov("convert_csv", b"\xef\xbb\xbfa,b\r\n=cmd,1\r\n"), json_answer(answer))
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="csv_file"; filename="upload.csv"\r\nContent-Type: text/csv\r\n\r\n' in request.content
    assert b"\r\n\r\n\xef\xbb\xbfa,b\r\n=cmd,1\r\n\r\n--" in request.content
    assert got == ConvertAnswer.model_validate(answer)
    assert isinstance(got, ConvertAnswer)
    assert got.new_records == (RECORD,)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "report"),
    [
        (json_answer({"session_id": "7c0f"}), ReportJob("7c0f")),
        (
            httpx.Response(200, content=b"PK\x03\x04", headers={"content-type": "application/octet-stream"}),
            ReportDocument(b"PK\x03\x04"),
        ),
    ],
)
async def test_a_report_is_a_job_or_a_document(answer, report):
    request, got = await sent(prov("generate_report", "10378.1/3", "STUDY", 2), answer)
    assert json.loads(request.content) == {"id": "10378.1/3", "item_subtype": "STUDY", "depth": 2}
    assert got == report


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("address", "fetched"),
    [
        ("https://bucket.example.org/r.docx?sig=a%2Fb", "https://bucket.example.org/r.docx?sig=a%2Fb"),
        (f"{BASE}/prov-api/reports/1", f"{BASE}/prov-api/reports/1"),
        ("reports/1", f"{BASE}/prov-api/reports/1"),
        ("/reports/1", f"{BASE}/reports/1"),
    ],
)
async def test_a_report_is_fetched_from_a_whole_or_a_relative_address(address, fetched):
    request, got = await sent(prov("fetch_report", address), httpx.Response(200, content=b"PK\x03\x04"))
    assert (str(request.url), got) == (fetched, b"PK\x03\x04")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x.org/r", "https://", "http://[", "mailto:x"]
)
async def test_no_other_address_is_followed_for_a_report(address):
    script = Script([httpx.Response(200, content=b"PK")])
    async with client_over(script) as client:
        with pytest.raises(DeploymentError, match="no address that can be followed"):
            await client.prov.fetch_report(address)
    assert script.requests == []


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 403, 404, 405])
async def test_an_expired_report_asks_for_a_new_one_and_shows_nothing_of_the_address(status):
    said = "<Error><Code>AccessDenied</Code><Signature>5ignature</Signature></Error>"
    answer = httpx.Response(status, content=said, headers={"content-type": "text/xml"})
    with pytest.raises(NotFoundError) as caught:
        await sent(prov("fetch_report", "https://bucket.example.org/r?X-Amz-Signature=5ignature"), answer)
    assert "generate_report" in caught.value.advice
    assert (caught.value.upstream, "5ignature" in str(caught.value)) == (None, False)


@pytest.mark.asyncio
async def test_storage_that_cannot_be_reached_is_named_without_the_query():
    script = Script([httpx.ConnectError("refused")])
    async with client_over(script) as client:
        with pytest.raises(UnavailableError) as caught:
            await client.prov.fetch_report("https://bucket.example.org/r.docx?X-Amz-Signature=5ignature")
    assert caught.value.message == "No connection to the file storage at https://bucket.example.org/r.docx."


@pytest.mark.asyncio
async def test_something_else_at_the_address_of_a_report_is_malformed():
    with pytest.raises(MalformedAnswerError, match="no \\.docx"):
        await sent(
            prov("fetch_report", "https://bucket.example.org/r"), httpx.Response(200, content=b"<?xml")
        )


@pytest.mark.asyncio
async def test_the_config_comes_as_text():
    answer = httpx.Response(200, text="stage=DEV\n")
    request, got = await sent(prov("config_text", required_only=False), answer)
    assert (str(request.url.query, "ascii"), got) == ("required_only=false", "stage=DEV\n")


@pytest.mark.asyncio
async def test_a_dataset_is_minted_or_refused():
    minted = {"status": OK, "handle": "10378.1/9", "s3_location": None}
    request, got = await sent(lambda client: client.data.mint_dataset({"a": None}), json_answer(minted))
    assert (request.url.path, json.loads(request.content)) == ("/data-api/register/mint-dataset", {"a": None})
    assert got.handle == "10378.1/9"
    refused = {"status": {"success": False, "details": "Failed to validate metadata against schema"}}
    with pytest.raises(RejectedError) as caught:
        await sent(lambda client: client.data.mint_dataset({}), json_answer(refused))
    assert caught.value.upstream == "Failed to validate metadata against schema"


@pytest.mark.asyncio
async def test_a_deployment_without_link_lookup_links_nobody_and_other_failures_are_told():
    async def lookup(client: ProvenaClient) -> object:
        return await client.auth.linked_person()

    assert (await sent(lookup, json_answer({"detail": "Not Found"}, 404)))[1] is None
    with pytest.raises(ForbiddenError):
        await sent(lookup, json_answer({"message": "Forbidden"}, 403))


@pytest.mark.asyncio
async def test_pages_go_on_while_there_is_a_key_even_if_one_is_empty():
    def page(items: list[object], key: object) -> httpx.Response:
        return json_answer({"status": OK, "items": items, "pagination_key": key})

    script = Script([page([STUDY], {"k": 1}), page([], {"k": 2}), page([SEED], None)])
    async with client_over(script) as client:
        pages = [page async for page in client.registry.pages(ListRequest(page_size=1))]
    assert [[item.id for item in page.items] for page in pages] == [["10378.1/3"], [], ["10378.1/4"]]
    assert [json.loads(request.content).get("pagination_key") for request in script.requests] == [
        None,
        {"k": 1},
        {"k": 2},
    ]


@pytest.mark.asyncio
async def test_job_pages_go_on_while_there_is_a_key():
    script = Script(
        [
            json_answer({"jobs": [RUN_JOB], "pagination_key": {"k": 1}}),
            json_answer({"jobs": [], "pagination_key": None}),
        ]
    )
    async with client_over(script) as client:
        pages = [page async for page in client.jobs.batch_pages("b1", limit=1)]
    assert [len(page.jobs) for page in pages] == [1, 0]
    assert [json.loads(request.content)["pagination_key"] for request in script.requests] == [None, {"k": 1}]


@pytest.mark.asyncio
async def test_a_service_that_repeats_a_page_for_ever_is_stopped():
    jobs = Script([json_answer({"jobs": [JOB], "pagination_key": {"k": 1}})])
    items = Script([json_answer({"status": OK, "items": [STUDY], "pagination_key": {"k": 1}})])
    async with client_over(jobs) as client:
        with pytest.raises(MalformedAnswerError, match="same page again"):
            [page async for page in client.jobs.pages()]
    async with client_over(items) as client:
        with pytest.raises(MalformedAnswerError, match="same page again"):
            [page async for page in client.registry.pages(ListRequest())]
    assert (len(jobs.requests), len(items.requests)) == (2, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (registry("fetch", " "), "id"),
        (registry("fetch_typed", "MODEL", ""), "id"),
        (prov("link_to_study", "10378.1/1", ""), "study_id"),
        (prov("generate_template_csv", ""), "workflow_template_id"),
        (prov("generate_report", "10378.1/1", "STUDY", 0), "depth"),
        (prov("generate_report", "10378.1/1", "STUDY", 4), "depth"),
        (lambda client: client.jobs.fetch(""), "session_id"),
        (lambda client: client.jobs.list_batch(""), "batch_id"),
        (lambda client: client.search.search(""), "query"),
        (lambda client: client.search.search("x", limit=0), "limit"),
    ],
)
async def test_what_no_service_could_take_is_refused_before_it_is_sent(call, parameter):
    script = Script([])
    async with client_over(script) as client:
        with pytest.raises(ArgumentError) as caught:
            await call(client)
    assert (caught.value.parameter, script.requests) == (parameter, [])


@pytest.mark.asyncio
async def test_a_missing_realm_is_told_when_a_login_needs_it():
    client = ProvenaClient(
        endpoints().model_copy(update={"keycloak": None}),
        tokens=RefreshToken(SecretStr("r"), client_id="c"),
        transport=httpx.MockTransport(Script([])),
        limits=QUICK,
    )
    async with client:
        with pytest.raises(ProvenaError, match="No address is set for keycloak"):
            await client.jobs.list()
