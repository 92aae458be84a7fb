"""Item ids as people write them: bare, ``hdl:``, or the URL of a resolver or registry (provena-http 11)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from provena_mcp.errors import ArgumentError
from provena_mcp.rules.uris import SCHEME, item_in

MAX_LENGTH: Final = 256
_PREFIXES: Final = ("hdl://", "hdl:/", "hdl:", "info:hdl/", "doi://", "doi:")
_RESOLVERS: Final = ("hdl.handle.net/", "handle.net/", "doi.org/", "dx.doi.org/")
_LINK: Final = re.compile(r"\[[^\]]*\]\((\S+)\)")
_ADVICE: Final = (
    "Give the item's handle, for example '10378.1/1900010'; search_items or list_items finds handles by name."
)
_UNSAFE: Final = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff<>\"'`{}|\\^]")
# What no handle holds, and a copy from a text leaves around one.
_AROUND: Final = "<>\"'`\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


def is_handle(text: object) -> bool:
    """Whether ``text`` alone names an item, as services do: a prefix and a suffix, nothing around them."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH or _UNSAFE.search(text) or "://" in text:
        return False
    prefix, _, suffix = text.partition("/")
    return bool(prefix and suffix)


def parse_handle(text: str, parameter: str = "id") -> str:
    """The handle in ``text``.

    Ids are opaque to Provena, so any non-blank text without white space, quotes or control
    characters is accepted once a prefix that people paste along has been taken off.

    Raises:
        ArgumentError: Nothing that could be a handle is left.
    """
    pasted = text.strip().strip(_AROUND).strip()
    link = _LINK.fullmatch(pasted)
    handle = _without_prefix(link[1] if link else pasted)
    if not handle:
        raise ArgumentError(f"{parameter} is blank.", parameter=parameter, advice=_ADVICE)
    if len(handle) > MAX_LENGTH or _UNSAFE.search(handle) or "://" in handle:
        raise ArgumentError(
            f"{parameter} {handle[:60]!r} is not a handle.", parameter=parameter, advice=_ADVICE
        )
    return handle


def _without_prefix(text: str) -> str:
    lowered = text.lower()
    if lowered.startswith(SCHEME):
        return (item_in(SCHEME + text[len(SCHEME) :]) or text).strip()
    for prefix in _PREFIXES:
        if lowered.startswith(prefix):
            return _with_slash(text[len(prefix) :].strip())
    if lowered.startswith(("http://", "https://")):
        return _from_url(text)
    if lowered.removeprefix("www.").startswith(_RESOLVERS):
        return _from_url(f"https://{text}")
    return _with_slash(text)


def _with_slash(text: str) -> str:
    """``text`` decoded, where a copy from an address has left its slash percent-encoded."""
    return unquote(text) if "/" not in text and "%2f" in text.lower() else text


def _from_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    root = parse_qs(parts.query).get("rootId")
    if root:
        return root[0].strip()
    path = unquote(parts.path).strip("/")
    if f"{parts.hostname or ''}/".endswith(_RESOLVERS):
        return path.removeprefix("api/handles/")
    for marker in ("item/", "dataset/"):
        if path.startswith(marker):
            return path.removeprefix(marker)
    return url
