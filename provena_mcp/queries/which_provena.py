"""Which Provena answers, as far as it is known without asking it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provena_mcp.queries.items.briefs.brief import Brief

Kind = Literal["embedded", "sample", "deployment", "mirror"]


class MirrorState(Brief):
    """A mirror, and how old what it answers is."""

    file: str
    user: str | None = Field(default=None, description="Whose rights it was pulled with.")
    as_of: str | None = Field(default=None, description="UTC; when the last pull began.")
    age: str | None = None


class WhichProvena(Brief):
    """The Provena behind this server."""

    kind: Kind
    where: str = Field(description="The store's file, or the deployment's domain.")
    items: int | None = Field(default=None, description="Items in the embedded store or the mirror.")
    mirror: MirrorState | None = Field(
        default=None, description="What is read in place of the deployment; writes go there."
    )
    version: str | None = None
    advice: str | None = None
