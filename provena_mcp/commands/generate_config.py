"""Hands out prov-api's settings: shown with secrets hidden, saved whole on request (provena-http 2.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from provena_mcp.client import ProvenaClient
from provena_mcp.queries.documents.user_files import WritableFile
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.rules.text import clean_json

HIDDEN: Final = "[hidden]"

_SETTING: Final = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>.*)")
_SECRET_KEY: Final = re.compile(
    r"secret|passw|passphrase|pwd|credential|private|cipher|salt|dsn|(^|_)arns?$|(token|key)s?$|key_?id$",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(
    r"\barn:|\beyJ[\w-]+\.|-----BEGIN|://[^/\s@]*@|\b(AKIA|ASIA)[A-Z0-9]{12,}|[?&](sig|signature|token|key)=",
    re.IGNORECASE,
)
# Long and without spaces, dots or slashes, holding letters and digits: nobody writes such a word by hand.
_RANDOM: Final = re.compile(r"(?=[^\s./:]*\d)(?=[^\s./:]*[A-Za-z])[\w+=-]{24,}")


@dataclass(frozen=True, slots=True)
class MaskedConfig:
    """The text with secret values hidden, and the names of the settings they belong to."""

    text: str
    hidden: tuple[str, ...]


def mask_config(text: str) -> MaskedConfig:
    """Hide the values of settings that are, or look like, secrets.

    A line that is no setting belongs to the value of the one before, such as a certificate, and is
    hidden whenever that is not empty.
    """
    lines: list[str] = []
    hidden: dict[str, None] = {}
    for key, line in _masked(text):
        lines.append(line)
        if key:
            hidden.setdefault(key)
    return MaskedConfig("\n".join(lines), tuple(hidden))


def _masked(text: str) -> Iterator[tuple[str, str]]:
    key = ""
    for line in text.splitlines():
        setting = _SETTING.fullmatch(line)
        if setting is None:
            yield (key, HIDDEN) if line.strip() else ("", "")
            continue
        key, value = setting["key"], setting["value"]
        secret = bool(value) and (
            _SECRET_KEY.search(key) or _SECRET_VALUE.search(value) or _RANDOM.search(value)
        )
        yield (key, f"{key}={HIDDEN}") if secret else ("", line)


class GenerateConfigFileResult(Brief):
    """prov-api's settings."""

    message: str
    config: str | None = Field(default=None, description="KEY=VALUE lines, secrets hidden.")
    hidden: tuple[str, ...] = Field(description="Settings whose values are hidden here.")
    saved_to: str | None = None


async def generate_config(
    client: ProvenaClient, *, required_only: bool, place: WritableFile | None, confirm: bool, max_tokens: int
) -> GenerateConfigFileResult:
    """The settings; with ``confirm`` they are also saved at ``place``, secrets included.

    Raises:
        ForbiddenError: The caller is no administrator.
        FileRefusedError: They could not be saved.
    """
    text = await client.prov.config_text(required_only=required_only)
    masked = mask_config(text)
    shown = str(clean_json(masked.text))
    saved_to = place.write(text.encode()) if place and confirm else None
    return GenerateConfigFileResult(
        message=_message(place, saved_to),
        config=shown if estimate_tokens(shown) <= max_tokens else None,
        hidden=masked.hidden,
        saved_to=saved_to,
    )


def _message(place: WritableFile | None, saved_to: str | None) -> str:
    if saved_to:
        return "Saved with its secrets: keep the file to yourself. Here they are hidden."
    if place:
        return (
            "Nothing has been saved. The file would hold the secrets that are hidden here: when the user "
            "agrees, call again with confirm: true."
        )
    return "Secrets are hidden; save_as with confirm: true writes the whole file to this machine."
