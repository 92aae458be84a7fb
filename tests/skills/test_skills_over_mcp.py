"""Skills over MCP (SEP-2640): what is listed is what is read, by either transport."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.types import PaginatedRequestParams, Request, RequestParams, Result, TextResourceContents
from pydantic import ConfigDict

from tests.worlds.hosted import World, host_of
from tests.worlds.sample import BOTH_ERAS, sample_client

SKILL = "skill://provena/SKILL.md"


class Answer(Result):
    model_config = ConfigDict(extra="allow")


class Uri(RequestParams):
    uri: str


async def ask(client: Client, method: str, params: RequestParams | None = None) -> dict[str, Any]:
    request = Request[Any, Any](method=method, params=params)
    told = await client.session.send_request(request, Answer)
    return told.model_dump(by_alias=True, mode="json")


async def checked(client: Client) -> None:
    """List, get and read the skill as a host does that trusts nothing it has not checked."""
    if client.protocol_version >= "2026":  # before, capabilities held no extensions
        assert (client.server_capabilities.extensions or {})["io.modelcontextprotocol/skills"] == {}
    listed = await ask(client, "skills/list")
    (entry,) = listed["skills"]
    assert (listed["resultType"], listed["cacheScope"], listed["ttlMs"] > 0) == ("complete", "public", True)
    assert entry["uri"] == entry["resources"][0]["uri"] == SKILL
    got = await ask(client, "skills/get", Uri(uri=SKILL))
    assert (got["resultType"], got["skill"]) == ("complete", entry)
    for file in entry["resources"]:
        (content,) = (await client.read_resource(file["uri"])).contents
        assert isinstance(content, TextResourceContents)
        raw = content.text.encode()
        assert file == {
            "uri": str(content.uri),
            "digest": f"sha256:{sha256(raw).hexdigest()}",
            "size": len(raw),
        }
    (resource,) = [each for each in (await client.list_resources()).resources if str(each.uri) == SKILL]
    front = entry["frontmatter"]
    assert (resource.name, resource.description, resource.mime_type) == (
        front["name"],
        front["description"],
        "text/markdown",
    )


@BOTH_ERAS
@pytest.mark.asyncio
async def test_what_is_listed_is_what_is_read(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        await checked(client)


@pytest.mark.asyncio
async def test_over_http_it_is_the_same(tmp_path: Path):
    world = World(tmp_path)
    async with world.app() as app, host_of(app, world.token("alice")) as client:
        await checked(client)
    world.close()


@pytest.mark.asyncio
async def test_what_is_not_served_is_refused_in_words(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        with pytest.raises(MCPError) as refused:
            await ask(client, "skills/get", Uri(uri="skill://other/SKILL.md"))
        with pytest.raises(MCPError) as no_more:
            await ask(client, "skills/list", PaginatedRequestParams(cursor="2"))
    assert (refused.value.error.code, refused.value.error.message) == (
        -32602,
        f"There is no skill 'skill://other/SKILL.md'. There is: {SKILL}.",
    )
    assert no_more.value.error.code == -32602
