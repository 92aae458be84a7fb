"""What the first answers of a deployment need, and starting does not: done between the two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Final

from pydantic import BaseModel

from provena_mcp.wire.base import Status
from provena_mcp.wire.items import MODEL_OF
from provena_mcp.wire.registry import FetchAnswer, ListAnswer, ListFilter, ListRequest

_MODELS: Final[tuple[type[BaseModel], ...]] = (
    *(Status, FetchAnswer, ListAnswer, ListFilter, ListRequest),
    *MODEL_OF.values(),
)

PREPARATIONS: Final[tuple[Callable[[], object], ...]] = (
    partial(import_module, "httpcore"),
    partial(import_module, "provena_mcp.wire.lineage_structs"),
    partial(import_module, "provena_mcp.wire.claims"),
    *(model.model_rebuild for model in _MODELS),
)
"""Steps of a few milliseconds each; none of them touches the network."""
