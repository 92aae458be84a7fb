"""From a command to its answer on the screen; what is heavy is loaded when there is something to ask."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provena_mcp.cli.ask.conversation import ToolQuestion

ResultT = TypeVar("ResultT")


def answer(question: ToolQuestion[ResultT], *, as_json: bool, sample: bool) -> None:
    """Ask, show, and exit with the answer's code.

    Raises:
        ProvenaError: The question cannot be put.
    """
    answer_all([question], as_json=as_json, sample=sample)


def answer_all(questions: Sequence[ToolQuestion[ResultT]], *, as_json: bool, sample: bool) -> None:
    """Ask and show one after another, and exit with the gravest code of all.

    Raises:
        ProvenaError: A question cannot be put.
    """
    from provena_mcp.cli.ask.conversation import present, put
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    settings, codes = read_settings(), [0]
    for question in questions:
        with _waiting():
            asked = run(put(question, settings, sample=sample))
        codes.append(present(question, asked, as_json=as_json, sample=sample))
    if max(codes):
        raise typer.Exit(max(codes))


def _waiting() -> AbstractContextManager[object]:
    """A sign on a terminal that something is under way; a deployment may take a while."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status("Asking …")


def upper(word: str | None) -> str | None:
    """A type as the registry writes it, however it was typed."""
    return word.upper().replace("-", "_") if word else None
