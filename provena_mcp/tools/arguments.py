"""Arguments as assistants send them, made strict: unknown names are refused, blanks mean absent."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from itertools import takewhile
from typing import Any, Final

from pydantic import ValidationError

from provena_mcp.errors import ArgumentError

# Names of the Provena Python client that users and models bring along.
_OTHER_NAMES: Final[Mapping[str, str]] = {
    "file_path": "save_as",
    "write_to_csv": "save_as",
    "id": "item_id",
    "handle": "item_id",
    "handle_id": "item_id",
}


def normalise_arguments(
    given: Mapping[str, Any], accepted: Collection[str], required: Collection[str]
) -> dict[str, Any]:
    """The arguments to validate: optional ones that are null, blank or an empty list are dropped.

    Raises:
        ArgumentError: A name is not one of ``accepted``; the nearest name is given.
    """
    for name in given:
        if name not in accepted:
            raise _unknown(name, accepted)
    return {name: value for name, value in given.items() if name in required or not _is_absent(value)}


def invalid_arguments(error: ValidationError) -> ArgumentError:
    """All that is wrong with a call's arguments, in one error that echoes no value."""
    complaints: list[str] = []
    first = ""
    for problem in error.errors(include_url=False, include_input=False):
        path = _path(problem["loc"])
        first = first or path
        complaints.append(f"{path}: {problem['msg']}" if path else problem["msg"])
    return ArgumentError(
        "; ".join(complaints),
        parameter=first,
        advice="Correct what is named here and call again; the tool's input schema lists what it accepts.",
    )


def _unknown(name: str, accepted: Collection[str]) -> ArgumentError:
    meant = _OTHER_NAMES.get(name)
    if meant not in accepted:
        nearest = difflib.get_close_matches(name, accepted, n=1, cutoff=0.4)
        meant = nearest[0] if nearest else None
    advice = f"Did you mean {meant!r}? " if meant else ""
    return ArgumentError(
        f"There is no argument {name[:40]!r}.",
        parameter=name[:40],
        advice=f"{advice}Accepted: {', '.join(sorted(accepted))}.",
    )


def _is_absent(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _path(location: tuple[int | str, ...]) -> str:
    """The argument, and which entry of its list; what follows are the types that were tried."""
    name, *rest = location or ("",)
    entries = takewhile(lambda part: isinstance(part, int), rest)
    return f"{name}{''.join(f'[{entry}]' for entry in entries)}"
