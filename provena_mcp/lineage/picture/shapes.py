"""How each type of item looks in a picture: outline, tone, and what it is called; all boxes have one size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 200
HEIGHT: Final = 60

# Paths from the top left corner of a box; a shape tells a type where colours cannot be told apart.
_SHEET: Final = "M6 0 H194 Q200 0 200 6 V54 Q200 60 194 60 H6 Q0 60 0 54 V6 Q0 0 6 0 Z"
_PILL: Final = "M24 0 H176 A24 30 0 0 1 176 60 H24 A24 30 0 0 1 24 0 Z"
_HEXAGON: Final = "M12 0 H188 L200 30 L188 60 H12 L0 30 Z"
_FOLDER: Final = "M0 6 Q0 0 6 0 H66 L74 8 H194 Q200 8 200 14 V54 Q200 60 194 60 H6 Q0 60 0 54 Z"
_BLOCK: Final = "M0 0 H200 V60 H0 Z"
_CUT: Final = "M14 0 H200 V46 L186 60 H0 V14 Z"
_NOTCHED: Final = "M0 0 H186 L200 14 V60 H0 Z M186 0 V14 H200"
_TAG: Final = "M0 0 H186 L200 30 L186 60 H0 L10 30 Z"


@dataclass(frozen=True, slots=True)
class Look:
    """Words, tone (a number of the palette) and outline of a type."""

    label: str
    plural: str
    tone: int
    path: str


PALETTE: Final = ("#0072b2", "#c2570c", "#087f5b", "#9a3d87", "#7a5c00", "#5b57b5", "#6b7178")
"""The tones on light paper; the page has its own for dark."""

PLAIN: Final = Look("Item", "items", 6, _SHEET)
"""A type that is not known."""

TYPES: Final[Mapping[str, Look]] = {
    "DATASET": Look("Dataset", "datasets", 0, _SHEET),
    "MODEL_RUN": Look("Model run", "model runs", 1, _HEXAGON),
    "STUDY": Look("Study", "studies", 2, _FOLDER),
    "PERSON": Look("Person", "people", 3, _PILL),
    "ORGANISATION": Look("Organisation", "organisations", 4, _BLOCK),
    "MODEL": Look("Model", "models", 5, _CUT),
    "MODEL_RUN_WORKFLOW_TEMPLATE": Look("Workflow template", "workflow templates", 6, _NOTCHED),
    "DATASET_TEMPLATE": Look("Dataset template", "dataset templates", 6, _NOTCHED),
    "CREATE": Look("Registration", "registrations", 6, _TAG),
    "VERSION": Look("New version", "new versions", 6, _TAG),
}
