"""What the conformance suite expects of a server made for it, given to ours: ``python … PORT FOLDER``.

The product has none of these tools; that it answers them rightly says that its protocol, its door and its
limits let everything through that the specification has.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import anyio
import uvicorn
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CallToolResult,
    CreateMessageRequest,
    ElicitRequest,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.server.http.app import create_http_app
from provena_mcp.settings import Settings

Ctx = Context[Application]

PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
WAV: Final = base64.b64encode(
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\0\0\0\0"
).decode()


def adorn(server: MCPServer[Application]) -> None:
    """Give the server everything that the suite calls by name."""
    add_contents(server)
    add_questions(server)
    add_resources(server)
    add_prompts(server)


def text(words: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=words)])


def embedded(uri: str, mime_type: str, content: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=content))


def add_contents(server: MCPServer[Application]) -> None:
    @server.tool(description="Text.")
    async def test_simple_text() -> CallToolResult:
        return text("This is a simple text response for testing.")

    @server.tool(description="A picture.")
    async def test_image_content() -> CallToolResult:
        return CallToolResult(content=[ImageContent(data=PNG, mime_type="image/png")])

    @server.tool(description="A sound.")
    async def test_audio_content() -> CallToolResult:
        return CallToolResult(content=[AudioContent(data=WAV, mime_type="audio/wav")])

    @server.tool(description="A resource.")
    async def test_embedded_resource() -> CallToolResult:
        resource = embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")
        return CallToolResult(content=[resource])

    @server.tool(description="Of everything one.")
    async def test_multiple_content_types() -> CallToolResult:
        content = json.dumps({"test": "data", "value": 123})
        return CallToolResult(
            content=[
                TextContent(text="Multiple content types test:"),
                ImageContent(data=PNG, mime_type="image/png"),
                embedded("test://mixed-content-resource", "application/json", content),
            ]
        )

    @server.tool(description="A failure.")
    async def test_error_handling() -> CallToolResult:
        raise ToolError("This tool intentionally returns an error for testing")

    @server.tool(description="Progress.")
    async def test_tool_with_progress(ctx: Ctx) -> CallToolResult:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await anyio.sleep(0.05)
        return text("Done.")


def form(message: str, **properties: str) -> ElicitRequest:
    schema = {
        "type": "object",
        "properties": {name: {"type": type_} for name, type_ in properties.items()},
        "required": [*properties],
    }
    return ElicitRequest.model_validate(
        {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}
    )


def sampling(words: str, most: int) -> CreateMessageRequest:
    message = {"role": "user", "content": {"type": "text", "text": words}}
    return CreateMessageRequest.model_validate(
        {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}}
    )


NAME: Final = form("What is your name?", name="string")
ROOTS: Final = ListRootsRequest(method="roots/list")

# What each tool asks for in each round, until every answer is there.
QUESTIONS: Final[Mapping[str, tuple[dict[str, Any], ...]]] = {
    "elicitation": ({"user_name": NAME},),
    "sampling": ({"capital_question": sampling("What is the capital of France?", 100)},),
    "list_roots": ({"client_roots": ROOTS},),
    "request_state": ({"confirm": form("Please confirm", ok="boolean")},),
    "tampered_state": ({"confirm": form("Please confirm", ok="boolean")},),
    "multiple_inputs": (
        {"user_name": NAME, "greeting": sampling("Generate a greeting", 50), "client_roots": ROOTS},
    ),
    "multi_round": (
        {"step1": form("Step 1: What is your name?", name="string")},
        {"step2": form("Step 2: What is your favorite color?", color="string")},
    ),
}


def add_questions(server: MCPServer[Application]) -> None:
    for name, rounds in QUESTIONS.items():
        server.add_tool(
            _asking(rounds), name=f"test_input_required_result_{name}", description="Asks something."
        )

    @server.tool(description="Asks only what the client can answer.")
    async def test_input_required_result_capabilities(ctx: Ctx) -> InputRequiredResult:
        declared = ctx.client_capabilities
        questions: dict[str, Any] = {}
        if declared and declared.sampling:
            questions["greeting"] = sampling("Generate a greeting", 50)
        if declared and declared.elicitation:
            questions["user_name"] = NAME
        return InputRequiredResult(input_requests=questions)

    @server.tool(description="Needs a client that samples.")
    async def test_missing_capability(ctx: Ctx) -> CallToolResult:
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            needed = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(
                code=MISSING_REQUIRED_CLIENT_CAPABILITY, message="The client has to sample.", data=needed
            )
        return text("It samples.")

    @server.tool(description="Takes an argument that is also in a header.")
    async def test_custom_headers(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    ) -> CallToolResult:
        return text(region)


def _asking(rounds: tuple[dict[str, Any], ...]) -> Any:
    async def ask(ctx: Ctx) -> CallToolResult | InputRequiredResult:
        given = ctx.input_responses or {}
        place = int(ctx.request_state or 0)
        if place and rounds[place - 1].keys() <= given.keys():
            if place == len(rounds):
                return text(f"Hello, state-ok: {json.dumps({k: _plain(v) for k, v in given.items()})}")
            place += 1
        return InputRequiredResult(input_requests=rounds[max(place, 1) - 1], request_state=str(max(place, 1)))

    return ask


def _plain(answer: Any) -> Any:
    return answer.model_dump(mode="json", by_alias=True) if hasattr(answer, "model_dump") else answer


def add_resources(server: MCPServer[Application]) -> None:
    @server.resource("test://static-text", mime_type="text/plain", description="Text.")
    async def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png", description="A picture.")
    async def static_binary() -> bytes:
        return base64.b64decode(PNG)

    @server.resource("test://template/{id}/data", mime_type="application/json", description="By id.")
    async def by_id(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def add_prompts(server: MCPServer[Application]) -> None:
    @server.prompt(description="Words.")
    async def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="Words with arguments.")
    async def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="A resource.")
    async def test_prompt_with_embedded_resource(resourceUri: str) -> list[Any]:
        resource = embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [resource, "Please process the embedded resource above."]

    @server.prompt(description="A picture.")
    async def test_prompt_with_image() -> list[Any]:
        return [ImageContent(data=PNG, mime_type="image/png"), "Please analyze the image above."]

    @server.prompt(description="Asks something.")
    async def test_input_required_result_prompt(ctx: Ctx) -> str | InputRequiredResult:
        if ctx.input_responses:
            return "This is a prompt in the context that was given."
        asked = form("What context should the prompt use?", context="string")
        return InputRequiredResult(input_requests={"user_context": asked})


if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    settings = Settings(store=folder / "store.sqlite3", http_calls_per_minute=100_000)
    uvicorn.run(
        create_http_app(settings, sample=True, port=port, adorn=adorn), port=port, log_level="warning"
    )
