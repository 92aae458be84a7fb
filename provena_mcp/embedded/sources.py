"""Files of registry items: a JSON array, ``{"items": [...], "links": {...}}`` or JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final, NoReturn

from pydantic import JsonValue

from provena_mcp.errors import StoreError

_FORMS: Final = (
    'Give a JSON array of registry items, an object {"items": [...], "links": {username: person id}}, '
    "or JSON Lines with one item a line."
)


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no JSON, in the place of the item it should be."""

    reason: str


@dataclass(frozen=True)
class Source:
    """What a file holds: items in its order, none checked yet, and which Person each username is."""

    items: tuple[JsonValue | Unread, ...]
    links: Mapping[str, str] = field(default_factory=dict[str, str])


def read_source(path: Path) -> Source:
    """The items of a file.

    Raises:
        StoreError: The file cannot be read, or has none of the forms.
    """
    return parse_source(_bytes(path), str(path))


def read_links(path: Path) -> dict[str, str]:
    """A file that holds nothing but ``{username: person id}``.

    Raises:
        StoreError: The file cannot be read or holds something else.
    """
    return _links(_parse(_text(_bytes(path), str(path)), str(path)), str(path))


def sample_source() -> Source:
    """The shipped sample world."""
    file = resources.files("provena_mcp.embedded.sample") / "reef.json"
    return parse_source(file.read_bytes(), "the sample world")


def parse_source(data: bytes, name: str) -> Source:
    """The items in ``data``; ``name`` says in messages where it came from.

    Raises:
        StoreError: It has none of the forms.
    """
    text = _text(data, name)
    try:
        document = _strict_json(text)
    except ValueError as error:
        return _json_lines(text, error, name)
    if isinstance(document, list):
        return Source(tuple(document))
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        listed = document["items"]
        assert isinstance(listed, list)
        return Source(tuple(listed), _links(document.get("links") or {}, name))
    if isinstance(document, dict) and "id" in document:
        return Source((document,))
    raise StoreError(f"{name!r} holds no list of registry items.", advice=_FORMS)


def _json_lines(text: str, error: ValueError, name: str) -> Source:
    # Not splitlines: a JSON string may hold U+2028 and others of its line ends as they are.
    lines = [line for line in text.split("\n") if line.strip()]
    items = tuple(_line(line) for line in lines)
    # A broken array or object is not JSON Lines with every line broken.
    if len(items) < 2 or not isinstance(items[0], dict):
        raise StoreError(f"{name!r} is not JSON: {error}.", advice=_FORMS) from error
    return Source(items)


def _line(line: str) -> JsonValue | Unread:
    try:
        return _strict_json(line)
    except ValueError as error:
        return Unread(f"not JSON: {error}")


def _links(value: JsonValue, name: str) -> dict[str, str]:
    if not isinstance(value, dict):
        value = {"": value}
    links = {username: person for username, person in value.items() if isinstance(person, str) and username}
    if len(links) < len(value):
        raise StoreError(
            f"The links in {name!r} are not usernames with person ids.",
            advice='Write them as {"jane": "10378.1/1900007"}.',
        )
    return links


def _parse(text: str, name: str) -> JsonValue:
    try:
        return _strict_json(text)
    except ValueError as error:
        raise StoreError(f"{name!r} is not JSON: {error}.", advice="Check the file.") from error


def _strict_json(text: str) -> JsonValue:
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        message = "it is nested too deeply"
        raise ValueError(message) from None


def _no_number(constant: str) -> NoReturn:
    message = f"{constant} is no JSON number"
    raise ValueError(message)


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoreError(f"{name!r} is not UTF-8 text: {error}.", advice=_FORMS) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(
            f"{str(path)!r} cannot be read: {error.strerror}.", advice="Check the path and its permissions."
        ) from error
