"""Licences: Provena holds their URLs, people say their short names."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_WORDS: Final = re.compile(r"[a-z0-9.]+")
_TERMS: Final = frozenset({"by", "nc", "nd", "sa"})
_HOST: Final = "creativecommons.org"


def licence_is(stated: str, wanted: str) -> bool:
    """Whether the licence with the URL ``stated`` is what ``wanted`` names: "CC BY 4.0", part of the URL.

    "CC BY" is any version of that licence and no other one: not CC BY-NC.
    """
    asked = _WORDS.findall((short_licence(wanted) if "/" in wanted else wanted).casefold())
    if asked[:1] not in (["cc"], ["cc0"]):
        return wanted.strip().casefold() in stated.casefold()
    has = _WORDS.findall(short_licence(stated).casefold())
    return has[:1] == asked[:1] and _terms(has) == _terms(asked) and _versions(asked) <= _versions(has)


def short_licence(url: str) -> str:
    """A Creative Commons licence by its usual name, for example ``CC BY-NC 4.0``; another as it is."""
    parts = urlsplit(url)
    path = [part for part in parts.path.split("/") if part]
    if (parts.hostname or "").removeprefix("www.") != _HOST or len(path) < 2:
        return url
    if path[:2] == ["publicdomain", "zero"]:
        return " ".join(("CC0", *path[2:3]))
    return " ".join(("CC", path[1].upper(), *path[2:3])) if path[0] == "licenses" else url


def _terms(words: list[str]) -> set[str]:
    return {word for word in words if word in _TERMS}


def _versions(words: list[str]) -> set[str]:
    return {word for word in words if word[0].isdigit()}
