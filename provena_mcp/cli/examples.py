"""Examples below the help of a command."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Commands as paragraphs, since typer joins the lines of one; what follows two spaces is a remark."""
    shown = [
        f"{command}  [dim]{remark}[/dim]" for command, _, remark in (line.partition("  ") for line in lines)
    ]
    return "\n\n".join(("[bold]Examples[/bold]", *shown))
