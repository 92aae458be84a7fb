"""The front page of a dossier: what is in it, what is not and why, for a browser and for any editor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final, NamedTuple

from provena_mcp.rules.text import clean

_NAME: Final = 300
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
td {{ padding: 0.2rem 1rem 0.2rem 0; vertical-align: top; overflow-wrap: anywhere }}
td:last-child {{ text-align: right; white-space: nowrap }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{handle}, as its registry held it on {made}. Nothing here needs any software but a browser, a spreadsheet
and a word processor.</p>
<table>
{rows}
</table>
<h2>Not in here</h2>
<ul>
{missing}
</ul>
<p>SHA256SUMS has a checksum of every file: <code>sha256sum -c SHA256SUMS</code></p>
</body>
</html>
"""


class Part(NamedTuple):
    """A file, relative to the dossier, what it is, and its size in bytes."""

    path: str
    says: str
    size: int


class Missing(NamedTuple):
    """What is not there, and why."""

    what: str
    why: str


def index_page(
    name: str, handle: str, made: date, parts: Sequence[Part], missing: Sequence[Missing]
) -> bytes:
    """The page; it asks for nothing, and names stand in it as text."""
    rows = "\n".join(
        f'<tr><td><a href="{escape(part.path)}">{_text(part.says)}</a></td><td>{_size(part.size)}</td></tr>'
        for part in parts
    )
    absent = "\n".join(f"<li>{_text(each.what)}: {_text(each.why)}</li>" for each in missing)
    page = _PAGE.format(title=_text(name), handle=_text(handle), made=made, rows=rows, missing=absent)
    return page.encode()


def readme(name: str, handle: str, made: date, parts: Sequence[Part], missing: Sequence[Missing]) -> bytes:
    """The same as plain text."""
    lines = [
        clean(name, _NAME),
        f"{clean(handle, _NAME)}, as its registry held it on {made}.",
        "",
        *(f"{part.path}  {clean(part.says, _NAME)} ({_size(part.size)})" for part in parts),
        "",
        "Not in here:",
        *(f"{clean(each.what, _NAME)}: {clean(each.why, _NAME)}" for each in missing),
        "",
        "SHA256SUMS has a checksum of every file: sha256sum -c SHA256SUMS",
    ]
    return ("\n".join(lines) + "\n").encode()


def _text(text: str) -> str:
    return escape(clean(text, _NAME))


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size // 1_000:,} kB"
