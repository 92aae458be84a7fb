"""Answers of services, what is asked for them, and what the client makes of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ProvenaClient, ReadyToken
from provena_mcp.errors import ProvenaError
from provena_mcp.wire.registry import ListFilter, ListRequest
from tests.client.provena_stand_in import RECORD, Script, client_over, json_answer

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
RUN = "MODEL_RUN_PROV_LODGE"
JOB = {"session_id": "7c0f", "status": "SUCCEEDED", "payload": {"record": {}, "user_info": "cipher"}}


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


async def asked(call, *bodies: object) -> Any:
    """What the client makes of these answers, or the class of its error."""
    async with client_over(Script([json_answer(body) for body in bodies])) as client:
        try:
            return await call(client)
        except ProvenaError as error:
            return type(error)


def job(
    session_id: str = "s1", subtype: str = RUN, status: str = "SUCCEEDED", **fields: Any
) -> dict[str, Any]:
    return {"session_id": session_id, "job_sub_type": subtype, "status": status, **fields}


def made(run_id: object) -> dict[str, Any]:
    return {"result": {"record": {"id": run_id}}}


def row(number: int, **fields: object) -> dict[str, object]:
    return job(f"s{number}", batch_id="b1", **made(f"10378.1/{number}"), **{}) | fields


def person(item_id: str, **fields: object) -> dict[str, object]:
    return {"id": item_id, "item_category": "AGENT", "item_subtype": "PERSON", "display_name": "P", **fields}


async def batch(client: ProvenaClient) -> object:
    return [job.session_id async for page in client.jobs.batch_pages("b1") for job in page.jobs]


async def people(client: ProvenaClient) -> object:
    request = ListRequest(filter_by=ListFilter(item_subtype="PERSON"))
    return [item.id async for page in client.registry.pages(request) for item in page.items]


async def read(client: ProvenaClient) -> object:
    return await client.prov.explore("upstream", "10378.1/9", 101)


async def fetch(client: ProvenaClient) -> object:
    return await client.registry.fetch("10378.1/9")


async def write(client: ProvenaClient) -> object:
    return await client.prov.register(RECORD)


async def failure(call, answer: httpx.Response, token: str = "secret-token") -> ProvenaError:
    async with client_over(Script([answer]), tokens=ReadyToken(SecretStr(token))) as client:
        with pytest.raises(ProvenaError) as caught:
            await call(client)
    return caught.value
