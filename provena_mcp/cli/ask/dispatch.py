"""From a command to its answer on the screen; what is heavy is loaded when there is something to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from provena_mcp.cli.ask.conversation import Question

ResultT = TypeVar("ResultT")


def answer(question: Question[ResultT], *, as_json: bool, sample: bool) -> None:
    """Ask, show, and exit with the answer's code.

    Raises:
        ProvenaError: The question cannot be put.
    """
    from provena_mcp.cli.ask.conversation import present, put
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    asked = run(put(question, read_settings(), sample=sample))
    code = present(question, asked, as_json=as_json, sample=sample)
    if code:
        raise typer.Exit(code)


def upper(word: str | None) -> str | None:
    """A type as the registry writes it, however it was typed."""
    return word.upper().replace("-", "_") if word else None
