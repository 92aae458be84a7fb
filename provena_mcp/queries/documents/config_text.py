"""prov-api's settings as text, without what opens a door (contract 2.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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
