"""Serves the skills over MCP: the extension ``io.modelcontextprotocol/skills`` (SEP-2640)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding, ResourceBinding
from mcp.server.mcpserver.resources import TextResource
from mcp.types import INVALID_PARAMS, PaginatedRequestParams, RequestParams

from provena_mcp.skills.published import MAIN_FILE, SKILLS, Skill, read_skill

EXTENSION_ID: Final = "io.modelcontextprotocol/skills"
# They change with the installed version only.
_KEPT: Final = {"ttlMs": 3_600_000, "cacheScope": "public"}
_SHOWN: Final = 200


class GetSkillParams(RequestParams):
    """Which skill: the URI of its ``SKILL.md``."""

    uri: str


class SkillsExtension(Extension):
    """``skills/list``, ``skills/get``, and every file of a skill as a resource."""

    identifier = EXTENSION_ID

    def resources(self) -> Sequence[ResourceBinding]:
        """The files."""
        return [
            ResourceBinding(resource) for skill in map(read_skill, SKILLS) for resource in _resources(skill)
        ]

    def methods(self) -> Sequence[MethodBinding]:
        """Both methods, in every revision: hosts of the older ones import skills too."""
        return [
            MethodBinding("skills/list", PaginatedRequestParams, _list),
            MethodBinding("skills/get", GetSkillParams, _get),
        ]


def uri_of(skill_name: str, path: str = MAIN_FILE) -> str:
    """The address of a skill's file."""
    return f"skill://{skill_name}/{path}"


def _resources(skill: Skill) -> Iterator[TextResource]:
    description = skill.front_matter["description"]
    for file in skill.files:
        is_main = file.path == MAIN_FILE
        yield TextResource(
            uri=uri_of(skill.name, file.path),
            name=skill.name if is_main else file.path,
            title="Working with Provena" if is_main else None,
            description=description if is_main else f"Of the skill {skill.name}.",
            mime_type="text/markdown",
            text=file.content.decode(),
        )


def _entry(skill: Skill) -> dict[str, Any]:
    return {
        "uri": uri_of(skill.name),
        "frontmatter": skill.front_matter,
        "resources": [
            {"uri": uri_of(skill.name, file.path), "digest": file.digest, "size": len(file.content)}
            for file in skill.files
        ],
    }


async def _list(ctx: ServerRequestContext[Any, Any], params: PaginatedRequestParams) -> dict[str, Any]:
    if params.cursor is not None:
        raise MCPError(code=INVALID_PARAMS, message="There are no more pages of skills.")
    return {"resultType": "complete", "skills": [_entry(read_skill(name)) for name in SKILLS], **_KEPT}


async def _get(ctx: ServerRequestContext[Any, Any], params: GetSkillParams) -> dict[str, Any]:
    for name in SKILLS:
        if params.uri == uri_of(name):
            return {"resultType": "complete", "skill": _entry(read_skill(name)), **_KEPT}
    known = ", ".join(map(uri_of, SKILLS))
    raise MCPError(
        code=INVALID_PARAMS, message=f"There is no skill {params.uri[:_SHOWN]!r}. There is: {known}."
    )
