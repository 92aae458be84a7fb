"""Tells captures of this machine which registered runs they have become."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from provena_mcp.recording.capture_folder import note_registration
from provena_mcp.wire.items import JsonObject, as_object


def note_captures(arguments: JsonObject, registered: Mapping[int, str]) -> tuple[str, ...]:
    """Note handles beside captures, by the number of the record; warnings where that cannot be written.

    ``arguments`` are those of a draft, whose ``captures`` are folders by number. Nobody but a draft can give
    them: the tools take no such argument.
    """
    warnings: list[str] = []
    for number, folder in as_object(arguments.get("captures")).items():
        run_id = registered.get(int(number))
        if run_id is None:
            continue
        try:
            note_registration(Path(str(folder)), run_id)
        except OSError as error:
            warnings.append(f"The capture {Path(str(folder)).name!r} could not be told: {error.strerror}.")
    return tuple(warnings)
