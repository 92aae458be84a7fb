"""The page that shows a picture: one self-contained HTML file, and the same page empty for an MCP App.

Nothing is loaded: style and script stand in the page and are named by their hashes in its content
security policy, which forbids everything else. Data stand in a JSON block and reach the document as text.
"""

from __future__ import annotations

import html
from dataclasses import asdict
from importlib.resources import files
from string import Template
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json, to_jsonable_python

from provena_mcp.lineage.picture.scene import Picture, folded_types
from provena_mcp.lineage.picture.shapes import PLAIN, TYPES
from provena_mcp.rules.content_policy import inline_policy

_SCRIPTS: Final = ("model.js", "view.js", "page.js")
APP_TITLE: Final = "Lineage"


def picture_data(picture: Picture) -> dict[str, JsonValue]:
    """A picture as the page's script reads it; absent values are left out."""
    value = asdict(picture)
    for part in ("items", "links"):
        value[part] = [{k: v for k, v in each.items() if v is not None} for each in value[part]]
    return to_jsonable_python(
        {
            **value,
            "folded": sorted(folded_types(picture.subject)),
            "types": {name: asdict(kind) for name, kind in TYPES.items()},
            "plain": asdict(PLAIN),
        }
    )


def picture_page(picture: Picture) -> str:
    """The page of a picture, complete in itself."""
    return _page(picture.title, picture_data(picture))


def app_page() -> str:
    """The page without a picture: in a host that speaks MCP Apps it draws what the tool result brings."""
    return _page(APP_TITLE, None)


def _page(title: str, data: JsonValue) -> str:
    style, script = _asset("page.css"), "\n".join(map(_asset, _SCRIPTS))
    return Template(_asset("page.html")).substitute(
        title=html.escape(title),
        policy=inline_policy(style, script),
        style=style,
        script=script,
        data=to_json(data).decode().replace("<", "\\u003c"),
    )


def _asset(name: str) -> str:
    return files("provena_mcp.lineage.picture").joinpath("assets", name).read_text("utf-8")
