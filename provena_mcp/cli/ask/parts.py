"""What answers at a terminal are made of: tables, items by name and kind, remarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from provena_mcp.lineage.picture.shapes import PLAIN, TYPES

# By the tones of the picture's palette, in the sixteen colours that every terminal has of its own.
_COLOURS: Final = ("blue", "yellow", "green", "magenta", "yellow", "cyan", "bright_black")

Cell = str | Text


def kind_of(subtype: str | None) -> Text:
    """A type in words and in its colour."""
    look = TYPES.get(subtype or "", PLAIN)
    return Text(look.label.lower(), style=_COLOURS[look.tone])


def counted(number: int, subtype: str) -> str:
    """So many items of a type: "3 datasets"."""
    look = TYPES.get(subtype, PLAIN)
    return f"{number} {look.label.lower() if number == 1 else look.plural}"


def item(item_id: str, name: str | None = None, subtype: str | None = None) -> Text:
    """An item on one line: its name, its kind where that is told, its id."""
    text = Text(name or item_id)
    if subtype:
        text.append("  ").append_text(kind_of(subtype))
    return text.append(f"  {item_id}", style="dim") if name else text


def headline(said: str) -> Text:
    """The answer in a sentence."""
    return Text(said, style="bold")


def remark(said: str) -> Text:
    """What is worth knowing besides."""
    return Text(said, style="dim")


def table(*columns: str, rows: Iterable[Sequence[Cell]]) -> Table:
    """Rows under columns, without those that are empty; one called ``id`` is never broken, to be copied."""
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    cells = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    filled = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    for place in filled:
        drawn.add_column(columns[place], no_wrap=columns[place] == "id", overflow="fold")
    for row in cells:
        drawn.add_row(*(row[place] for place in filled))
    return drawn
