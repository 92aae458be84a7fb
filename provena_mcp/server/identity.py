"""Who this server is, as hosts and consent pages show it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from mcp.types import Icon

NAME: Final = "provena"
TITLE: Final = "Provena"
DESCRIPTION: Final = (
    "How research results came about: datasets, models, people, studies and the model runs between them."
)
WEBSITE: Final = "https://docs.provena.io/"

# A run between what it used and what it made; short, as every answer of the newer era repeats it.
_DRAWING: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<path d='M0 4h8' stroke='#086'/><circle cx='4' cy='4' r='2' fill='#086'/></svg>"
)
ICON: Final = Icon(
    src="data:image/svg+xml," + quote(_DRAWING, safe="/:='"), mime_type="image/svg+xml", sizes=["any"]
)
