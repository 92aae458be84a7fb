"""What a tool is before it is registered: its name, words, effect and handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

from mcp.types import InputRequiredResult, ResourceLink, ToolAnnotations
from pydantic import BaseModel, JsonValue

ResultT = TypeVar("ResultT", bound=BaseModel)

Toolset = Literal[
    "lineage",
    "answers",
    "registry",
    "runs",
    "csv",
    "documents",
    "jobs",
    "health",
    "recording",
    "curation",
    "admin",
]
Effect = Literal["reads", "writes", "destroys"]


@dataclass(frozen=True)
class Reply(Generic[ResultT]):
    """A tool's typed result, links to documents it speaks of, and what only a host's page reads."""

    result: ResultT
    links: tuple[ResourceLink, ...] = ()
    meta: dict[str, JsonValue] | None = None


Handler = Callable[..., Awaitable[Reply[Any] | InputRequiredResult]]


@dataclass(frozen=True)
class ToolDefinition:
    """One tool; ``load`` gives its handler, whose module is imported for the first call only."""

    name: str
    title: str
    toolset: Toolset
    effect: Effect
    load: Callable[[], Handler]
    local_only: bool = False
    ui: str | None = None

    @property
    def handler(self) -> Handler:
        """Takes typed arguments and a context, and returns a ``Reply`` or a question."""
        return self.load()

    @property
    def description(self) -> str:
        """The words the model reads, from ``descriptions/<name>.md`` beside the handler's module."""
        package = self.handler.__module__.rpartition(".")[0]
        return files(package).joinpath("descriptions", f"{self.name}.md").read_text("utf-8").strip()

    @property
    def annotations(self) -> ToolAnnotations:
        """All four hints, derived from the effect."""
        return ToolAnnotations(
            title=self.title,
            read_only_hint=self.effect == "reads",
            destructive_hint=self.effect == "destroys",
            idempotent_hint=self.effect == "reads",
            open_world_hint=True,
        )

    @property
    def result_model(self) -> type[BaseModel]:
        """The model inside the handler's ``Reply[...]``, which may be one of several outcomes."""
        returned = get_type_hints(self.handler)["return"]
        outcomes = (returned,) if get_origin(returned) is Reply else get_args(returned)
        return next(get_args(outcome)[0] for outcome in outcomes if get_origin(outcome) is Reply)


def tool(
    *,
    title: str,
    toolset: Toolset,
    effect: Effect = "reads",
    local_only: bool = False,
    ui: str | None = None,
) -> Callable[[Handler], ToolDefinition]:
    """Make a handler a tool named like the function.

    Args:
        title: What a person reads in a host's tool list.
        toolset: The group it is switched on and off with.
        effect: Whether it reads, writes, or may destroy.
        local_only: Whether it touches this machine's files and so exists on stdio only.
        ui: The page that a host with MCP Apps shows its results in.
    """

    def define(handler: Handler) -> ToolDefinition:
        return ToolDefinition(handler.__name__, title, toolset, effect, lambda: handler, local_only, ui)

    return define
