"""The result models of a comparison of runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provena_mcp.lineage.comparison import ComparedField, DifferenceKind, Side
from provena_mcp.queries.answers.common import NextCalls, Unreadable
from provena_mcp.queries.items.briefs.models import Brief, Ref

Scope = Literal["record", "lineage"]


class ComparedRun(Brief):
    """A run and the letter it goes by."""

    label: str
    id: str
    name: str | None = None
    lineage: dict[str, int] | None = Field(default=None, description="What led to it, counted.")


class ComparedValue(Brief):
    """A value, either an item or a text, and the labels of the runs that have it."""

    runs: str | None = Field(default=None, description="Labels, as AB.")
    id: str | None = None
    name: str | None = None
    version: int | None = None
    text: str | None = None


class DifferenceRow(Brief):
    """Something in which runs differ: the values that not all of them have."""

    field: ComparedField
    kind: DifferenceKind = Field(
        description="versions: of one thing; only_in_some: some runs have none; contains: one has all that "
        "the other has, and more."
    )
    role: Ref | None = Field(default=None, description="Dataset template.")
    key: str | None = Field(default=None, description="Annotation or resource.")
    side: Side | None = None
    values: tuple[ComparedValue, ...]
    of: int | None = Field(default=None, description="How many, if not all are shown.")
    shared: int | None = Field(default=None, description="Values of it that all runs have.")
    both_have: tuple[ComparedValue, ...] | None = Field(default=None, description="The first of shared.")


class SameRow(Brief):
    """Something that all runs share."""

    field: ComparedField
    role: str | None = None
    key: str | None = None
    values: tuple[ComparedValue, ...]
    of: int | None = None


class CompareModelRunsResult(Brief):
    """Where runs differ."""

    answer: str
    scope: Scope
    runs: tuple[ComparedRun, ...]
    differences: tuple[DifferenceRow, ...]
    same: tuple[SameRow, ...]
    same_counts: dict[str, int] = Field(description="Values that all runs share, by field.")
    notes: tuple[str, ...] | None = None
    complete: bool
    incomplete_because: str | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    next: NextCalls = None
