"""What each refusal of the services means (provena-http 2.1, 3, 6.1, 7.4)."""

import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeploymentError,
    DepthLimitError,
    ForbiddenError,
    NotFoundError,
    NotLoggedInError,
    RejectedError,
    UnavailableError,
    WrongSubtypeError,
)
from tests.client.answers import failure, fetch, read, write
from tests.client.provena_stand_in import json_answer

ROLE = "You are not authorised to access this resource as you don't have the correct role."
WRONG_KIND = "The record was found but could not parsed as an appropriate type: Error The record was marked…"
UNKNOWN = 'Could not find the given key (10378.1/9) in the registry. Details "Failed to find item.".'


async def typed_fetch(client: ProvenaClient) -> object:
    return await client.registry.fetch_typed("MODEL", "10378.1/9")


async def job(client: ProvenaClient) -> object:
    return await client.jobs.fetch("7c0f")


async def link(client: ProvenaClient) -> object:
    return await client.prov.link_to_study("10378.1/9", "10378.1/8")


async def template(client: ProvenaClient) -> object:
    return await client.prov.generate_template_csv("10378.1/9")


async def batch_csv(client: ProvenaClient) -> object:
    return await client.prov.regenerate_csv("b1")


async def admin(client: ProvenaClient) -> object:
    return await client.prov.config_text()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "status", "detail", "error", "message", "advice"),
    [
        (
            read,
            400,
            "Depth provided is in excess of depth maximum: 10.",
            DepthLimitError,
            "10 hops",
            "depth 10",
        ),
        (read, 401, "Not authenticated", NotLoggedInError, "wants a login", "provena-mcp login"),
        (
            read,
            401,
            "Could not validate credentials",
            NotLoggedInError,
            "did not accept",
            "provena-mcp login",
        ),
        (
            read,
            401,
            "Token had incorrect structure.",
            NotLoggedInError,
            "did not accept",
            "provena-mcp login",
        ),
        (read, 401, ROLE, ForbiddenError, "lacks a role", "for entity-registry-read;"),
        (write, 401, ROLE, ForbiddenError, "register", "for entity-registry-read, entity-registry-write;"),
        (admin, 401, ROLE, ForbiddenError, "config", "entity-registry-write, entity-registry-admin;"),
        (fetch, 401, "You are not authorised to fetch this item.", ForbiddenError, "'10378.1/9'", "owner"),
        (
            fetch,
            401,
            "Cannot perform this action as the resource is locked.",
            ForbiddenError,
            "Item '10378.1/9' is locked",
            "unlock",
        ),
        (
            fetch,
            401,
            "You are not authorised to take this action.",
            ForbiddenError,
            "lacks a role",
            "entity-registry-read",
        ),
        (job, 401, "Not authorised to view this record.", ForbiddenError, "Job '7c0f' belongs", "jobs.list"),
        (
            write,
            401,
            "Registry API denied access to resource: 401. Error: x",
            ForbiddenError,
            "an item that this refers to",
            "read access",
        ),
        (fetch, 403, "Forbidden", ForbiddenError, "in front of registry-api", "firewall"),
        (job, 400, "Item was not found.", NotFoundError, "no job '7c0f'", "appears some seconds"),
        (
            template,
            400,
            f"The provided workflow template ID was invalid, error: {UNKNOWN}",
            NotFoundError,
            "'10378.1/9'",
            "search.search",
        ),
        (
            template,
            400,
            f"The provided workflow template ID was invalid, error: {WRONG_KIND}",
            WrongSubtypeError,
            "'10378.1/9' is not the kind",
            "registry.list",
        ),
        (
            write,
            400,
            f"Failed to validate an entity's ID in the record, error: {UNKNOWN}",
            RejectedError,
            "register a model run",
            "Correct what",
        ),
        (
            link,
            400,
            "ModelRun 10378.1/9 already linked to a study. Study ID: 10378.1/7.",
            RejectedError,
            "link a model run",
            "Correct what",
        ),
        (
            link,
            400,
            f"Item 10378.1/8 failed validation: {UNKNOWN.replace('/9', '/8')}",
            NotFoundError,
            "'10378.1/8'",
            "search.search",
        ),
        (
            link,
            500,
            "Error occurred while updating model run in registry: Got status code 401 x",
            ForbiddenError,
            "may not change",
            "write access",
        ),
        (
            write,
            400,
            "In order to perform this operation you must link your User account to a Person in the registry.",
            ForbiddenError,
            "linked to a Person",
            "Link your account",
        ),
        (read, 404, "Not Found", DeploymentError, "no route GET /explore/upstream", "PROVENA_DOMAIN"),
        (read, 405, "Method Not Allowed", DeploymentError, "no route GET", "PROVENA_DOMAIN"),
        (read, 409, "Conflict", RejectedError, "refused this: explore upstream", "Correct what"),
        (
            read,
            500,
            "Neo4j lineage query experienced an exception: x.",
            DeploymentError,
            "failed inside",
            "minute",
        ),
        (
            write,
            500,
            "Unexpected error while dispatching job. Error: x.",
            DeploymentError,
            "failed inside",
            "done in part. Look with `jobs.list`",
        ),
        (batch_csv, 500, "boom", DeploymentError, "failed inside (500", "batch_id"),
        (read, 502, "gateway trouble", UnavailableError, "down or overloaded (502", "Try again"),
        (read, 503, "gateway trouble", UnavailableError, "down or overloaded (503", "Try again"),
        (read, 504, "gateway trouble", UnavailableError, "down or overloaded (504", "Try again"),
        (read, 429, "gateway trouble", UnavailableError, "down or overloaded (429", "Try again"),
        (write, 503, "gateway trouble", UnavailableError, "down or overloaded (503", "Try again"),
        (write, 502, "gateway trouble", AmbiguousWriteError, "Nobody knows", "jobs.list"),
        (write, 504, "gateway trouble", AmbiguousWriteError, "Nobody knows", "jobs.list"),
    ],
)
async def test_a_refusal_becomes_the_error_that_helps(call, status, detail, error, message, advice):
    caught = await failure(call, json_answer({"detail": detail}, status))
    assert type(caught) is error
    assert message in caught.message
    assert advice in caught.advice
    if error is not DepthLimitError:
        assert caught.upstream == " ".join(detail.split()) or caught.upstream == detail
        assert detail not in caught.message


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "details", "error", "message"),
    [
        (
            fetch,
            "The id you specified was not available in the registry, error: x.",
            NotFoundError,
            "'10378.1/9'",
        ),
        (fetch, "No item with that id.", NotFoundError, "'10378.1/9'"),
        (typed_fetch, UNKNOWN, NotFoundError, "'10378.1/9'"),
        (typed_fetch, WRONG_KIND, WrongSubtypeError, "not the kind of item"),
        (
            typed_fetch,
            "A valid seed item was found, but seed_allowed was set to false.",
            WrongSubtypeError,
            "only a reserved id",
        ),
        (typed_fetch, "Value error. Details ID cannot be empty.", RejectedError, "refused this"),
    ],
)
async def test_a_failed_status_in_a_200_becomes_the_error_that_helps(call, details, error, message):
    caught = await failure(
        call, json_answer({"status": {"success": False, "details": details}, "item": None})
    )
    assert type(caught) is error
    assert message in caught.message
    assert caught.upstream == details


@pytest.mark.asyncio
async def test_the_limit_of_a_depth_refusal_can_be_read():
    caught = await failure(read, json_answer({"detail": "Depth … in excess of depth maximum: 100."}, 400))
    assert isinstance(caught, DepthLimitError)
    assert caught.limit == 100


@pytest.mark.asyncio
async def test_a_422_names_the_fields_as_paths():
    detail = [
        {"loc": ["body", "inputs", 0, "dataset_type"], "msg": "not permitted", "type": "type_error.enum"},
        {"loc": ["body", "__root__"], "msg": "start after end", "type": "value_error"},
        {"loc": ["query", "depth"], "msg": "not an integer", "type": "type_error.integer"},
        "free text",
    ]
    caught = await failure(write, json_answer({"detail": detail}, 422))
    assert type(caught) is RejectedError
    assert caught.upstream == (
        "inputs[0].dataset_type: not permitted; start after end; depth: not an integer; free text"
    )
