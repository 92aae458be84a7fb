"""What all editors share: what they do, how they fail, and the text between them and a file's bytes."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final, Protocol

from pydantic import JsonValue

from provena_mcp.errors import FileRefusedError
from provena_mcp.wire.items import JsonObject, as_object

Path = tuple[str, ...]


class UneditableError(Exception):
    """A text is not in its syntax, or has our entry in a form that cannot be changed alone; says which."""


class Editor(Protocol):
    """Reads and changes entries of a text; all raise ``UneditableError``."""

    def read(self, text: str) -> JsonObject:
        """The whole content; an empty text has none."""
        ...

    def put(self, text: str, path: Path, value: JsonValue) -> str:
        """The text with ``value`` at ``path``, in place of what was there."""
        ...

    def take(self, text: str, path: Path) -> str:
        """The text without what is at ``path``."""
        ...


def entry_in(content: JsonObject, path: Path) -> JsonObject | None:
    """The object at ``path``; none if there is none."""
    found: JsonObject = content
    for key in path:
        if not isinstance(found.get(key), dict):
            return None
        found = as_object(found[key])
    return found


def with_entry(content: JsonObject, path: Path, entry: JsonObject | None) -> JsonObject:
    """``content`` as it should be with ``entry`` at ``path``, or without one."""
    key, *rest = path
    if rest:
        inner = content.get(key)
        if inner is None and entry is None:
            return content
        inner = {} if inner is None else inner
        if not isinstance(inner, dict):
            raise UneditableError(f"{key!r} in it is not a group of entries")
        return {**content, key: with_entry(inner, tuple(rest), entry)}
    if entry is None:
        return {name: value for name, value in content.items() if name != key}
    return {**content, key: entry}


def changed(editor: Editor, text: str, path: Path, entry: JsonObject | None) -> str:
    """The text with ``entry`` at ``path``, or without one; checked by reading it again.

    Raises:
        UneditableError: That cannot be done without touching anything else.
    """
    before = editor.read(text)
    wanted = with_entry(before, path, entry)
    if wanted == before:
        return text
    edited = editor.take(text, path) if entry is None else editor.put(text, path, entry)
    if _filled(editor.read(edited), path) != _filled(wanted, path):
        raise UneditableError("our entry in it cannot be changed without touching others")
    return edited


def _filled(content: JsonObject, path: Path) -> JsonObject:
    """``content`` with a group where ``path`` leads: TOML has no words for an empty one."""
    key, *rest = path
    if not rest:
        return content
    return {**content, key: _filled(as_object(content.get(key)), tuple(rest))}


def decoded(content: bytes) -> tuple[str, Callable[[str], bytes]]:
    """The text of a file and what turns a text into such a file: UTF-8, with its mark if it had one.

    Raises:
        UneditableError: It is in another encoding.
    """
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode("utf-8")
    except UnicodeDecodeError as error:
        raise UneditableError("it is not UTF-8") from error
    return text, lambda edited: mark + edited.encode("utf-8")


def line_end(text: str) -> str:
    """How lines end in ``text``."""
    return "\r\n" if "\r\n" in text else "\n"


_ADVICE: Final = "Mend the file, or add the entry below by hand; nothing was changed."


def refused(path: object, error: UneditableError) -> FileRefusedError:
    """What to tell of a file that cannot be edited."""
    return FileRefusedError(f"{str(path)!r} was left as it is: {error}.", advice=_ADVICE)
