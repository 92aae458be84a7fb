"""Builds the MCP server: settings -> the Provena behind it -> the shared client -> tools."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import platformdirs
from mcp.server.caching import CacheableMethod, CacheHint

from provena_mcp import __version__
from provena_mcp.application import LOCAL_CALLER, Application, local_caller
from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.errors import SettingsError
from provena_mcp.prompts import register_prompts
from provena_mcp.queries.cache import BoundedCache
from provena_mcp.queries.documents.recent import RecentDocuments
from provena_mcp.queries.documents.user_files import OutputFolder, input_folders
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.queries.recording.recordings import Recordings
from provena_mcp.resources import register_resources
from provena_mcp.server.audit_log import write_audit_to_stderr
from provena_mcp.server.backend import Backend, choose_backend
from provena_mcp.server.calls import ToolCalls
from provena_mcp.server.identity import DESCRIPTION, ICON, NAME, TITLE, WEBSITE
from provena_mcp.server.pipeline import message_chain
from provena_mcp.server.protocol import ProvenaServer
from provena_mcp.server.skills import SkillsExtension
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.instructions import server_instructions, who_answers
from provena_mcp.tools.picture_page import lineage_app
from provena_mcp.tools.registration import register
from provena_mcp.tools.toolsets import select_tools

if TYPE_CHECKING:
    import httpx

    from provena_mcp.client import ClientLimits, TokenProvider
    from provena_mcp.server.http.host import Hosting

_LISTS_KEEP_MS: Final = 60_000
_CONSTANT: Final[tuple[CacheableMethod, ...]] = (
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/templates/list",
)


def build_server(
    settings: Settings,
    *,
    sample: bool = False,
    local: bool = True,
    hosting: Hosting | None = None,
    tokens: TokenProvider | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    limits: ClientLimits | None = None,
    polling: PollPolicy | None = None,
    now: Callable[[], float] = time.time,
    more_tools: tuple[ToolDefinition, ...] = (),
) -> ProvenaServer:
    """The server for ``settings``; nothing is opened and no network is touched until it runs.

    Args:
        settings: What the operator set.
        sample: Answer from the shipped sample world instead.
        local: Whether it will talk over stdio to one user on this machine.
        hosting: What serving over HTTP adds; with it the server is not local.
        tokens: Another login to a deployment than the settings describe.
        transport: Another way to a deployment than the network.
        limits: Other deadlines and bounds of the client than the usual.
        polling: How jobs are followed, and the clock by which references expire.
        now: Unix seconds.
        more_tools: Tools beside those that the settings choose.

    Raises:
        SettingsError: The settings contradict each other.
        StoreError: The embedded store cannot be opened.
    """
    local = local and hosting is None
    _require_mirror_of_all(settings, hosting)
    backend = choose_backend(
        settings,
        sample=sample,
        personal="ask" if local else "never",
        tokens=hosting.tokens if hosting else tokens,
        transport=transport,
        limits=limits or (hosting.limits if hosting else None),
        now=now,
    )
    chosen = select_tools(settings.toolsets, read_only=settings.read_only, local=local)
    definitions = (*chosen, *more_tools)
    running = partial(
        _running, backend, settings, hosting, local=local, polling=polling or PollPolicy(), now=now
    )
    server = _server(backend, settings, hosting, definitions, running, local=local, now=now)
    register_resources(server, lambda: who_answers(backend.which()))
    register_prompts(server, [definition.name for definition in definitions])
    server.answer_by_caller()
    return server


def _require_mirror_of_all(settings: Settings, hosting: Hosting | None) -> None:
    if settings.mirror and hosting and settings.http_login != "service":
        raise SettingsError(
            "PROVENA_MIRROR holds what one user may read, and others would be answered from it.",
            advice="Unset it, or set PROVENA_HTTP_LOGIN=service.",
        )


def _server(
    backend: Backend,
    settings: Settings,
    hosting: Hosting | None,
    definitions: tuple[ToolDefinition, ...],
    running: Callable[[], AbstractAsyncContextManager[Application]],
    *,
    local: bool,
    now: Callable[[], float],
) -> ProvenaServer:
    """The SDK's server with the tools, and with all that a message passes on its way to them."""
    registered = register(
        definitions, local=local, links=settings.resource_links, mirrored=backend.mirror is not None
    )
    tools = {definition.name: definition for definition in definitions}
    calls = ToolCalls(tuple(tool.name for tool in registered), listed=lambda: server.list_tools())
    server = ProvenaServer(
        NAME,
        title=TITLE,
        description=DESCRIPTION,
        website_url=WEBSITE,
        icons=[ICON],
        version=__version__,
        instructions=server_instructions(backend.which(), definitions, local=local),
        tools=list(registered),
        lifespan=lambda _: running(),
        cache_hints=dict.fromkeys(_CONSTANT, CacheHint(ttl_ms=_LISTS_KEEP_MS, scope="public")),
        log_level="WARNING",
        middleware=message_chain(
            tools, settings, hosting, calls=calls, now=now, who=lambda: backend.subject() or LOCAL_CALLER
        ),
        request_state_security=hosting.request_state if hosting else None,
        # Nothing is published: no list changes while a server runs, and no document is watched.
        subscriptions=False,
        extensions=[
            SkillsExtension(),
            *([lineage_app()] if any(definition.ui for definition in definitions) else []),
        ],
    )
    server.calls = calls
    server.preparations = lambda: chain(
        backend.preparations(), (step for tool in registered for step in tool.preparations)
    )
    return server


@asynccontextmanager
async def _running(
    backend: Backend,
    settings: Settings,
    hosting: Hosting | None,
    *,
    local: bool,
    polling: PollPolicy,
    now: Callable[[], float],
) -> AsyncGenerator[Application]:
    output = _output_folder(settings) if local else None
    async with AsyncExitStack() as opened:
        if hosting:
            opened.push_async_callback(hosting.close)
        client = await opened.enter_async_context(backend.client())
        yield Application(
            client_on_demand=client,
            mirror=backend.mirror,
            which=backend.which,
            now=now,
            max_result_tokens=settings.max_result_tokens,
            output=output,
            input=input_folders(settings.input_dirs, output.path if output else None),
            recordings=_recordings(settings, sample=backend.which().kind == "sample") if local else None,
            recent_documents=RecentDocuments(time.monotonic),
            recent_reports=BoundedCache(entries=16, seconds=600.0, clock=time.monotonic),
            key_values=hosting.key_values if hosting else InProcessStore(clock=polling.clock),
            polling=polling,
            longest_call=settings.call_seconds,
            caller=hosting.caller if hosting else local_caller,
            downloads=hosting.downloads if hosting else None,
            annotates_via=settings.annotate_via,
        )


def _recordings(settings: Settings, *, sample: bool) -> Recordings:
    working = Path.cwd()
    # Hosts may start a server anywhere: at the root that would be every file there is.
    folders = input_folders(settings.input_dirs, working if working != working.parent else None)
    if not sample:
        return Recordings(folders, settings.captures, working)
    from provena_mcp.embedded.sources import sample_captures

    return Recordings(folders, settings.captures, working, sample_captures())


def _output_folder(settings: Settings) -> OutputFolder | None:
    chosen = settings.output_dir
    if chosen and chosen.strip().lower() == "off":
        return None
    return OutputFolder(Path(chosen) if chosen else platformdirs.user_documents_path() / "Provena")


def stdio_server(settings: Settings, *, sample: bool = False) -> ProvenaServer:
    """The server for one user over stdin and stdout, with the log on stderr.

    Raises:
        ProvenaError: It could not be built.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    write_audit_to_stderr()
    return build_server(settings, sample=sample)
