"""``provena-mcp show``: a lineage, a path or an impact as a picture, in the browser or as a file."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from tempfile import mkdtemp

from provena_mcp.cli.documents import document_bytes, with_own_server
from provena_mcp.errors import FileRefusedError
from provena_mcp.private_file import write_private
from provena_mcp.rules.handles import figure_uri, parse_handle, picture_uri
from provena_mcp.settings import Settings

_USUAL_DEPTH = {"path": 20, "impact": 20}


async def read_picture(
    settings: Settings,
    item_id: str,
    query: str,
    *,
    to: str | None = None,
    depth: int | None = None,
    sample: bool = False,
    still: bool = False,
) -> str:
    """The page, or the ``still`` SVG, of a query about an item.

    Raises:
        CallerError: An id is none, or there is nothing to draw.
        ProvenaError: It cannot be drawn, or the server cannot be built from these settings.
    """
    hops = depth or _USUAL_DEPTH.get(query, 10)
    uri = (figure_uri if still else picture_uri)(
        query, parse_handle(item_id), hops, to=parse_handle(to, "--path") if to else None
    )
    read = await with_own_server(settings, lambda client: document_bytes(client, uri), sample=sample)
    return read.decode()


def keep_picture(text: str, place: Path | None, *, still: bool) -> Path:
    """Write a picture to ``place``, else to a temporary folder of this user's.

    Raises:
        FileRefusedError: It cannot be written.
    """
    path = place or Path(mkdtemp(prefix="provena-")) / ("lineage.svg" if still else "lineage.html")
    try:
        write_private(path, text.encode())
    except OSError as error:
        raise FileRefusedError(f"{str(path)!r} cannot be written: {error.strerror}.") from None
    return path


def open_picture(path: Path) -> bool:
    """Whether a browser was found to open the picture in."""
    return webbrowser.open(path.absolute().as_uri())
