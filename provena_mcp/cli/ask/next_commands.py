"""The calls that an answer proposes, as commands that can be pasted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from provena_mcp.next_call import NextCall
from provena_mcp.wire.items import JsonObject


@dataclass(frozen=True, slots=True)
class _Command:
    """How a tool is asked at a terminal; ``flags`` by argument, ``others`` for the rest."""

    words: str
    positional: tuple[str, ...]
    flags: dict[str, str | None]
    others: str | None = None

    def option(self, name: str, value: JsonValue) -> list[str] | None:
        """An argument as an option; none if the command has none for it."""
        if name not in self.flags:
            return (
                [part for each in _values(value) for part in (self.others, f"{name}={each}")]
                if self.others
                else None
            )
        flag = self.flags[name]
        if flag is None or value in (None, False, "record"):
            return []
        if value is True or flag == "--lineage":
            return [flag]
        return [part for each in _values(value) for part in (flag, each)]


_LINEAGE: Final[dict[str, str | None]] = {
    "depth": "--depth",
    "subtypes": "--type",
    "cursor": "--cursor",
    "max_tokens": None,
}
_FILTERS: Final[dict[str, str | None]] = {
    "subtype": "--type",
    "owner": "--owner",
    "study_id": "--study",
    "after": "--after",
    "before": "--before",
    "group_by": "--group-by",
    "sort_by": "--sort-by",
    "limit": "--limit",
    "cursor": "--cursor",
}
_COMMANDS: Final = {
    "explore_upstream": _Command("upstream", ("starting_id",), _LINEAGE),
    "explore_downstream": _Command("downstream", ("starting_id",), _LINEAGE),
    "get_contributing_datasets": _Command("upstream --datasets", ("starting_id",), _LINEAGE),
    "get_contributing_agents": _Command("upstream --agents", ("starting_id",), _LINEAGE),
    "get_effected_datasets": _Command("downstream --datasets", ("starting_id",), _LINEAGE),
    "get_effected_agents": _Command("downstream --agents", ("starting_id",), _LINEAGE),
    "find_lineage_path": _Command("path", ("from_id", "to_id"), {"max_hops": "--max-hops"}),
    "analyse_impact": _Command(
        "impact",
        ("item_id",),
        {"depth": "--depth", "contacts": "--contacts", "all_versions": "--all-versions"},
    ),
    "compare_model_runs": _Command("compare", ("run_ids",), {"scope": "--lineage"}),
    "audit_reproducibility": _Command("audit", ("item_id",), {}),
    "what_changed": _Command("changes", (), {"since": "--since", "of": "--of", "cursor": "--cursor"}),
    "fetch_items": _Command("item", ("ids",), {"detail": None, "include": "--with"}),
    "search_items": _Command("search", ("query",), _FILTERS, others="--where"),
    "list_items": _Command("list", (), _FILTERS, others="--where"),
}
_TOLD: Final = {name: f"'ask {command.words}'" for name, command in _COMMANDS.items()} | {
    "get_health_check": "'provena-mcp doctor'"
}
_TOOL: Final = re.compile(r"\b(" + "|".join(_TOLD) + r")\b")


def naming_commands(advice: str) -> str:
    """Advice for an assistant, with the commands that ask what its tools do."""
    return _TOOL.sub(lambda found: _TOLD[found[1]], advice)


def as_command(call: NextCall, *, sample: bool) -> str | None:
    """A call as a line for a shell; none where no command asks it."""
    command = _COMMANDS.get(call.tool)
    if command is None:
        return None
    words = ["provena-mcp", "ask", *command.words.split()]
    for name in command.positional:
        words += _values(call.arguments.get(name))
    for name, value in call.arguments.items():
        if name not in command.positional:
            option = command.option(name, value)
            if option is None:
                return None
            words += option
    return shlex.join([*words, *(["--sample"] if sample else [])])


def follow_ups(answer: JsonObject, asked: NextCall) -> Iterator[NextCall]:
    """The calls that an answer to ``asked`` proposes, the next page first."""
    cursor = answer.get("cursor")
    if isinstance(cursor, str):
        arguments = {**asked.arguments, "cursor": cursor}
        yield NextCall(tool=asked.tool, arguments=arguments, why="the next page")
    for name, why in (("next", "the next page"), ("deeper", "farther")):
        for call in _calls(answer.get(name)):
            yield call if call.why else call.model_copy(update={"why": why})


def _calls(value: JsonValue) -> list[NextCall]:
    if value is None:
        return []
    return [NextCall.model_validate(call) for call in (value if isinstance(value, list) else [value])]


def _values(value: JsonValue) -> list[str]:
    if value is None or value is False:
        return []
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]
