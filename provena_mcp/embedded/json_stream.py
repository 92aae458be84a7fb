"""Reads JSON of any size value by value, from a text that is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, NoReturn, TextIO

from pydantic import JsonValue

from provena_mcp.embedded.json_text import DECODER

_CHUNK: Final = 1 << 20
# An error this near to the end of what was read may only say that there is more to read.
_NEAR: Final = 64


class JsonReader:
    """A place in a JSON text; errors name it by line, column and character, as ``json`` does."""

    def __init__(self, text: TextIO, *, chunk: int = _CHUNK) -> None:
        """Begin at the start of ``text``, of which about ``chunk`` characters are read at a time."""
        self._text = text
        self._chunk = chunk
        self._buffer = ""
        self._place = 0
        self._is_whole = False
        self._characters = 0
        self._lines = 0
        # Characters of the line that the buffer begins in.
        self._column = 0

    def peek(self) -> str:
        """The next character that is no white space; empty at the end.

        Raises:
            UnicodeDecodeError: The text is not in its encoding.
        """
        while True:
            while self._place < len(self._buffer):
                if self._buffer[self._place] not in " \t\n\r":
                    return self._buffer[self._place]
                self._place += 1
            if not self._read_on():
                return ""

    def take(self, character: str) -> bool:
        """Pass over the next character if it is this one; whether it was."""
        is_next = self.peek() == character
        self._place += is_next
        return is_next

    def value(self) -> JsonValue:
        """The next value.

        Raises:
            ValueError: There is none, or it is no JSON; the message says where.
        """
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._place)
            except RecursionError:
                message = "it is nested too deeply"
                raise ValueError(message) from None
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or len(self._buffer) - error.pos < _NEAR
                if not is_cut or self._is_whole:
                    self._fail(error.msg, error.pos)
                self._read_on()
                continue
            # A number may go on, after as much as "e-" of what there is.
            if len(self._buffer) - end > len("e-") or self._is_whole:
                self._place = end
                return value
            self._read_on()

    def elements(self) -> Iterator[JsonValue]:
        """The values of the array that comes next.

        Raises:
            ValueError: It is no array, or no JSON.
        """
        self._expect("[")
        if self.take("]"):
            return
        while True:
            yield self.value()
            if self.take("]"):
                return
            self._expect(",")

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next; the caller takes the value before asking for another.

        Raises:
            ValueError: It is no object, or no JSON.
        """
        self._expect("{")
        if self.take("}"):
            return
        while True:
            if self.peek() != '"':
                self._fail("Expecting property name enclosed in double quotes", self._place)
            key = self.value()
            self._expect(":")
            yield str(key)
            if self.take("}"):
                return
            self._expect(",")

    def lines(self) -> Iterator[str]:
        """What is left, line by line, blank ones left out.

        Only line feeds part lines: a JSON string may hold other line ends as they are.
        """
        while True:
            end = self._buffer.find("\n", self._place)
            if end < 0 and self._read_on():
                continue
            line = self._buffer[self._place : end if end >= 0 else None]
            self._place = end + 1 if end >= 0 else len(self._buffer)
            if line.strip():
                yield line
            if end < 0:
                return

    def end(self) -> None:
        """See to it that nothing follows.

        Raises:
            ValueError: Something does.
        """
        if self.peek():
            self._fail("Extra data", self._place)

    def _expect(self, character: str) -> None:
        if not self.take(character):
            name = f"'{character}' delimiter" if character in ",:" else "value"
            self._fail(f"Expecting {name}", self._place)

    def _fail(self, reason: str, place: int) -> NoReturn:
        begin = self._buffer.rfind("\n", 0, place) + 1
        column = place - begin + 1 + (self._column if not begin else 0)
        line = self._lines + self._buffer.count("\n", 0, place) + 1
        message = f"{reason}: line {line} column {column} (char {self._characters + place})"
        raise ValueError(message)

    def _read_on(self) -> bool:
        """Let go of what was passed and read as much again as is left; whether there was any more."""
        if self._is_whole:
            return False
        passed = self._buffer[: self._place]
        newline = passed.rfind("\n")
        self._column = self._column + len(passed) if newline < 0 else len(passed) - newline - 1
        self._lines += passed.count("\n")
        self._characters += len(passed)
        left = self._buffer[self._place :]
        more = self._text.read(max(self._chunk, len(left)))
        self._buffer, self._place, self._is_whole = left + more, 0, not more
        return bool(more)
