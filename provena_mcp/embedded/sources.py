"""Files of registry items: what this package and Provena itself export, read without being held whole.

A JSON array of items, ``{"items": [...], "links": {...}}``, or JSON Lines. Instead of an item there may be
a bundle of the registry's dump, which holds the item with its lock and its rights (provena-http 7.3).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from pydantic import JsonValue

from provena_mcp.embedded.json_stream import JsonReader
from provena_mcp.embedded.json_text import DECODER, compact_json
from provena_mcp.errors import StoreError
from provena_mcp.rules.file_formats import NAMES, FileFormat, recognise
from provena_mcp.wire.items import JsonObject

_FORMS: Final = (
    'Give a JSON array of registry items, an object {"items": [...], "links": {username: person id}}, '
    "JSON Lines with one item a line, or what an administrator's export of a Provena registry holds."
)
_NOT_ITEMS: Final = "Register what it tells as datasets and model runs, once serving; only items are loaded."
_DRAFT: Final = "Its runs come in with 'provena-mcp draft FILE', or draft_model_runs; only items are loaded."
_TABLE: Final = "Model runs in a table go in as a CSV: convert_model_runs reads it, once serving."
_ADVICE: Final[Mapping[FileFormat, str]] = {
    "xlsx": _TABLE,
    "xls": _TABLE,
    "zip": "Unpack it, and load the items in it.",
    "gzip": "Unpack it, and load the items in it.",
    "ro_crate": _DRAFT,
    "prov_json": _DRAFT,
    "openlineage": _DRAFT,
    "flowcept": _NOT_ITEMS,
    "model_run_record": "Register it with register_model_run, once serving; only whole items are loaded.",
}
_OURS: Final[frozenset[FileFormat | None]] = frozenset({None, "json", "registry_items", "registry_dump"})
# Enough to know any format by, and little enough to read.
_HEAD: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no JSON, in the place of the item it should be."""

    reason: str


class Items(Protocol):
    """Registry items in the order of a file, none checked yet; they can be gone through again."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[JsonValue | Unread]: ...


@dataclass(frozen=True)
class Source:
    """What a file holds: its items, and which Person each username is."""

    items: Items
    links: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _FileItems:
    """The items of a file, read again each time they are gone through."""

    _open: Callable[[], BinaryIO]
    _name: str
    _count: int

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[JsonValue | Unread]:
        with closing(_Document(self._open(), self._name)) as document:
            yield from document.items()


def read_source(path: Path) -> Source:
    """The items of a file, which has to stay as it is until they are loaded.

    Raises:
        StoreError: The file cannot be read, or has none of the forms.
    """
    with _explained(str(path)):
        if path.is_file():
            return _source(partial(path.open, "rb"), str(path))
        # A pipe can be read once only, so what it gives is held.
        return _source(partial(io.BytesIO, path.read_bytes()), str(path))


def read_links(path: Path) -> dict[str, str]:
    """A file that holds nothing but ``{username: person id}``.

    Raises:
        StoreError: The file cannot be read or holds something else.
    """
    name = str(path)
    with _explained(name), _text(path.open("rb")) as text:
        reader = JsonReader(text)
        try:
            value = reader.value()
            reader.end()
        except ValueError as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            raise StoreError(f"{name!r} is not JSON: {error}.", advice="Check the file.") from error
    return _links(value, name)


def sample_source() -> Source:
    """The shipped sample world."""
    file = resources.files("provena_mcp.embedded.sample") / "reef.json"
    return parse_source(file.read_bytes(), "the sample world")


def sample_captures() -> Path | None:
    """The folder of captures that come with the sample world; none where the package is no folder."""
    folder = resources.files("provena_mcp.embedded.sample") / "captures"
    return folder if isinstance(folder, Path) else None


def parse_source(data: bytes, name: str) -> Source:
    """The items in ``data``; ``name`` says in messages where it came from.

    Raises:
        StoreError: It has none of the forms.
    """
    source = _source(lambda: io.BytesIO(data), name)
    return Source(tuple(source.items), source.links)


def _source(open_file: Callable[[], BinaryIO], name: str) -> Source:
    """Go through a file once: whether it has one of the forms, how many items it holds, and its links."""
    with closing(_Document(open_file(), name)) as document:
        count = sum(1 for _ in document.items())
    return Source(_FileItems(open_file, name, count), _links(document.beside.get("links") or {}, name))


class _Document:
    """A file of one of the forms; what stands beside the items is there once they were gone through."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.beside: JsonObject = {}
        self._file = file
        self._text = _text(file)
        self._name = name

    def close(self) -> None:
        self._text.close()

    def items(self) -> Iterator[JsonValue | Unread]:
        """The items.

        Raises:
            StoreError: There are none, or the file is no JSON.
        """
        try:
            found = self._found(JsonReader(self._text))
            first = next(found, None)
            if first is not None:
                self._check_first(first)
                yield first
                yield from found
        except UnicodeDecodeError as error:
            raise self._refused(f"is not UTF-8 text: {error}") from error
        except ValueError as error:
            raise self._refused(f"is not JSON: {error}") from error

    def _found(self, reader: JsonReader) -> Iterator[JsonValue | Unread]:
        if reader.peek() == "[":
            yield from reader.elements()
            reader.end()
            return
        if reader.peek() != "{":
            reader.value()
            raise self._refused("holds no list of registry items")
        has_list = False
        for key in reader.members():
            if key == "items" and reader.peek() == "[":
                has_list = True
                yield from reader.elements()
            else:
                self.beside[key] = reader.value()
        if has_list:
            reader.end()
        elif "id" in self.beside:
            yield self.beside
            yield from map(_line, reader.lines())
        else:
            raise self._refused("holds no list of registry items")

    def _check_first(self, first: JsonValue | Unread) -> None:
        # Thousands of items that are none are a file of another kind.
        if isinstance(first, dict) and _format(first) not in _OURS:
            raise self._refused("holds no registry items", _format(first))

    def _refused(self, why: str, found: FileFormat | None = None) -> StoreError:
        self._file.seek(0)
        head = self._file.read(_HEAD)
        found = found or _format(self.beside) or recognise(head)
        if found is not None and found not in _OURS:
            return StoreError(f"{self._name!r} is {NAMES[found]}.", advice=_ADVICE.get(found, _FORMS))
        if _is_table(head):
            return StoreError(f"{self._name!r} is a table (CSV).", advice=_TABLE)
        return StoreError(f"{self._name!r} {why}.", advice=_FORMS)


def _format(value: JsonObject) -> FileFormat | None:
    """The format that the keys of an object, which may be of any size, tell."""
    keys: JsonObject = {key: part if key == "@context" else None for key, part in value.items()}
    return recognise(compact_json(keys).encode("utf-8", "replace")) if keys else None


def _is_table(head: bytes) -> bool:
    lines = head[:4096].decode("utf-8-sig", "replace").splitlines()
    return bool(lines) and lines[0][:1] not in ("{", "[") and any(mark in lines[0] for mark in ",;\t")


def _line(line: str) -> JsonValue | Unread:
    try:
        return DECODER.decode(line)
    except RecursionError:
        return Unread("nested too deeply")
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


def _text(file: BinaryIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


@contextmanager
def _explained(name: str) -> Generator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise StoreError(f"{name!r} is not UTF-8 text: {error}.", advice=_FORMS) from error
    except OSError as error:
        raise StoreError(
            f"{name!r} cannot be read: {error.strerror}.", advice="Check the path and its permissions."
        ) from error
