"""Reads the line of ``record`` without typer, whose start would more than double what recording costs."""

from __future__ import annotations

from collections.abc import Sequence
from getopt import GetoptError, getopt
from typing import Final

from provena_mcp.cli.record import RecordOptions

_SHORT: Final = {"i": "input", "o": "output", "q": "quiet"}
_ONCE: Final = ("name", "hash-up-to")
_REPEATED: Final = ("input", "output", "watch", "observe", "env", "allow")
_FLAGS: Final = ("host", "check", "quiet")

OPTIONS: Final = frozenset({*_ONCE, *_REPEATED, *_FLAGS})


def read_arguments(line: Sequence[str]) -> tuple[list[str], RecordOptions] | None:
    """The command and what is wished for it; none where typer has to say what is wrong, or help."""
    short = "".join(letter if name in _FLAGS else f"{letter}:" for letter, name in _SHORT.items())
    try:
        given, command = getopt(list(line), short, [*_FLAGS, *(f"{name}=" for name in (*_ONCE, *_REPEATED))])
    except GetoptError:
        return None
    values: dict[str, list[str]] = {}
    for option, value in given:
        name = option.lstrip("-")
        values.setdefault(_SHORT.get(name, name), []).append(value)
    if not command or any(len(values.get(name, ())) > 1 for name in _ONCE):
        return None
    return command, RecordOptions(
        inputs=values.get("input", ()),
        outputs=values.get("output", ()),
        watch=values.get("watch", ()),
        name=next(iter(values.get("name", ())), None),
        observe=values.get("observe", ()),
        host="host" in values,
        variables=values.get("env", ()),
        hash_up_to=next(iter(values.get("hash-up-to", ())), None),
        quiet="quiet" in values,
        check="check" in values,
        allow=values.get("allow", ()),
    )
