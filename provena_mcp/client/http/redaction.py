"""Keeps tokens, ciphers and presigned addresses out of errors and logs."""

from __future__ import annotations

import logging
import re
from typing import Final

import httpx

HIDDEN: Final = "[hidden]"

_NAMED: Final = re.compile(
    r"""(?ix) \b ( x-amz-(?:signature|credential|security-token) | signature | sig | awsaccesskeyid
                 | (?:access|refresh|id|offline)_token | client_secret | password | user_info )
        ( ["']? \s* [=:] \s* ["']? )
        [^\s&"',;}]+"""
)
_BEARER: Final = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]{16,}")
_JWT: Final = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_USER_IN_URL: Final = re.compile(r"(?<=://)[^/@\s]+@")


def scrub(text: str, token: str | None = None) -> str:
    """``text`` without anything that opens a door; ``token`` is what the failed request carried."""
    if token:
        text = text.replace(token, HIDDEN)
    text = _JWT.sub(HIDDEN, _BEARER.sub(HIDDEN, text))
    return _USER_IN_URL.sub("", _NAMED.sub(rf"\1\2{HIDDEN}", text))


class QueryHider(logging.Filter):
    """Cuts query strings from the URLs httpx logs: presigned addresses carry their signature there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's URLs; every record passes."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument.copy_with(query=None) if isinstance(argument, httpx.URL) else argument
                for argument in record.args
            )
        return True
