"""What all parts of results have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Brief(BaseModel):
    """A frozen part of a result; absent values are left out, never null."""

    # Validators are built on first use: a start needs the schemas only.
    model_config = ConfigDict(frozen=True, defer_build=True)
