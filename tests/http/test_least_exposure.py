"""Read-only, scopes and roles are kept at every call, and every write leaves one line."""

from __future__ import annotations

import json
import logging

import pytest
from mcp import Client, MCPError

from provena_mcp.client import ProvenaClient, ReadyToken
from provena_mcp.errors import ForbiddenError
from provena_mcp.server.audit_log import write_audit_to_stderr
from provena_mcp.server.build import build_server
from tests.worlds.hosted import ADDRESS, SECRET, WRITER, World, call, failure, host_of, new_record

ADMIN = {"realm_access": {"roles": [*WRITER, "entity-registry-admin"]}}


@pytest.mark.asyncio
async def test_a_server_that_only_reads_neither_offers_nor_runs_what_writes(world: World):
    async with world.app(read_only=True, toolsets="all") as app, host_of(app, world.token("alice")) as host:
        offered = [tool.name for tool in (await host.list_tools()).tools]
        with pytest.raises(MCPError, match="There is no tool 'register_model_run'"):
            await host.call_tool("register_model_run", {"record": {}})
    assert "register_model_run" not in offered
    assert "delete_model_run" not in offered


@pytest.mark.asyncio
async def test_a_client_that_only_reads_sends_no_write_whatever_asks_it(world: World):
    endpoints, secret = world.settings().endpoints(), world.settings().client_secret
    assert endpoints is not None
    assert secret is not None
    async with ProvenaClient(
        endpoints,
        tokens=ReadyToken(secret),
        transport=world.transport,
        read_only=True,
    ) as client:
        with pytest.raises(ForbiddenError, match="This server only reads"):
            await client.prov.delete_model_run("x/1", trial=False)
    assert world.seen == []


@pytest.mark.asyncio
async def test_a_toolset_that_is_off_cannot_be_called(world: World):
    async with world.app() as app, host_of(app, world.token("alice", **ADMIN)) as host:
        with pytest.raises(MCPError, match="There is no tool 'delete_model_run'"):
            await host.call_tool("delete_model_run", {"model_run_id": "x/1"})


@pytest.mark.asyncio
async def test_administration_needs_the_role_as_well_as_the_toolset(world: World):
    async with world.app(toolsets="all") as app:
        async with host_of(app, world.token("alice")) as host:
            error = await failure(host, "delete_model_run", model_run_id="x/1")
        assert world.seen == []
        async with host_of(app, world.token("root", **ADMIN)) as host:
            other = await failure(host, "delete_model_run", model_run_id="x/1")
    assert (error["kind"], error["message"]) == (
        "Forbidden",
        "delete_model_run is for administrators: your login lacks the role entity-registry-admin.",
    )
    assert other["kind"] == "NotFound"


@pytest.mark.asyncio
async def test_every_write_leaves_one_line_without_its_content(
    world: World, capsys: pytest.CaptureFixture[str]
):
    write_audit_to_stderr()
    try:
        token = world.token("alice")
        async with world.app() as app, host_of(app, token) as host:
            record = await new_record(host)
            preview = await call(host, "register_model_run", record=record)
            done = await call(host, "register_model_run", reference=preview["reference"], confirm=True)
            await failure(host, "update_model_run", reference="no-such", confirm=True)
    finally:
        logging.getLogger("provena_mcp.server.audit_log").handlers.clear()
    told = capsys.readouterr().err
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    who = {"event": "write", "who": "id-of-alice", "client": "some-host", "via": "mcp 0.1.0"}
    assert [{k: v for k, v in line.items() if k not in ("at", "seconds")} for line in lines] == [
        {**who, "tool": "register_model_run", "outcome": "preview"},
        {
            **who,
            "tool": "register_model_run",
            "outcome": "succeeded",
            "session_id": done["session_id"],
            "model_run_id": done["model_run_id"],
        },
        {**who, "tool": "update_model_run", "outcome": "error", "kind": "Argument"},
    ]
    for secret in (token, SECRET, "Registered by a test", "writer@example.org", ADDRESS):
        assert secret not in told


@pytest.mark.asyncio
async def test_a_write_over_stdio_is_put_down_to_whoever_is_logged_in(
    world: World, capsys: pytest.CaptureFixture[str]
):
    token = world.token("alice", aud="provena-api")
    settings = world.settings(access_token=token, client_secret=None)
    write_audit_to_stderr()
    try:
        async with (
            world.provena(),
            Client(build_server(settings, transport=world.transport)) as host,
        ):
            await call(host, "register_model_run", record=await new_record(host))
    finally:
        logging.getLogger("provena_mcp.server.audit_log").handlers.clear()
    told = capsys.readouterr().err
    (line,) = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert (line["who"], line["tool"], line["outcome"]) == ("id-of-alice", "register_model_run", "preview")
    assert token not in told
