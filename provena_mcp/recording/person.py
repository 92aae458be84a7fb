"""Who runs what is captured: the login's Person where one was remembered, else git's or the system's user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast

from provena_mcp.errors import FileRefusedError
from provena_mcp.recording.captured import Who

_FILE: Final = "person.json"


def who_runs_this() -> Who | None:
    """The Person that a login on this machine is linked to, else this machine's user; nothing is asked."""
    remembered = _remembered()
    if remembered is not None:
        return remembered
    try:
        import getpass

        return Who(getpass.getuser())
    except (OSError, KeyError, ImportError):
        return None


def remember_person(person_id: str, name: str) -> None:
    """Keep who a login belongs to, so that captures can say so without asking the network.

    Raises:
        OSError: It cannot be kept.
    """
    file = _file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(json.dumps({"person_id": person_id, "name": name}) + "\n", "utf-8")


def forget_person() -> None:
    """Keep nobody any more.

    Raises:
        FileRefusedError: The file cannot be removed.
    """
    file = _file()
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise FileRefusedError(
            f"{str(file)!r} cannot be removed: {error.strerror}.", advice="Remove it by hand."
        ) from None


def _remembered() -> Who | None:
    try:
        stated: Any = json.loads(_file().read_bytes())
    except (OSError, ValueError):
        return None
    known = cast("dict[str, Any]", stated) if isinstance(stated, dict) else {}
    person_id, name = known.get("person_id"), known.get("name")
    return Who(name, person_id=person_id) if isinstance(name, str) and isinstance(person_id, str) else None


def _file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("provena-mcp") / _FILE
