"""Kinds of questions that count: which runs fulfil something, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from evals.asking import Answer, Call, Question, says
from evals.kinds import Asker

GroupedBy = Literal["modeller", "study", "workflow_template", "model", "model_version", "month"]
_NOT_STATED = "not stated"


def runs(ask: Asker, asks: str, filters: dict[str, Any], expected: frozenset[str]) -> Question:
    """Which runs are these, and how many?"""
    return ask.question(
        "which runs",
        asks,
        [Call("list_items", {"subtype": "MODEL_RUN", **filters, "limit": 50})],
        says("items[].id", *expected),
        says("total", len(expected)),
        says("complete", True),
        never=ask.truth.of_kind("MODEL_RUN") - expected,
    )


def runs_of_found(
    ask: Asker, asks: str, words: str, subtype: str, filter_name: str, expected: frozenset[str]
) -> Question:
    """Which runs has something that the user names as they remember it? It is looked for first."""

    def list_them(answers: Sequence[Answer]) -> Call:
        found = answers[0]["items"][0]["id"]
        return Call("list_items", {"subtype": "MODEL_RUN", filter_name: found, "limit": 50})

    return ask.question(
        "in users' words",
        asks,
        [Call("search_items", {"query": words, "subtype": subtype, "limit": 3}), list_them],
        says("items[].id", *expected),
        says("total", len(expected)),
        never=ask.truth.of_kind("MODEL_RUN") - expected,
    )


def counted(ask: Asker, asks: str, by: GroupedBy, among: Iterable[str], **filters: Any) -> Question:
    """How many runs are there of each?"""
    chosen = frozenset(among)
    sizes = Counter(_value(ask, run, by) for run in chosen)
    return ask.question(
        "how many",
        asks,
        [Call("list_items", {"subtype": "MODEL_RUN", **filters, "group_by": by})],
        says("groups[].key&count", *(f"{key} {count}" for key, count in sizes.items())),
        says("total", len(chosen)),
        says("items", 0),
        tokens=1500,
    )


def where(ask: Asker, holds: Callable[[dict[str, Any]], bool]) -> frozenset[str]:
    """The runs whose record fulfils something."""
    return ask.truth.where("MODEL_RUN", lambda run: holds(run["record"]))


def _value(ask: Asker, run: str, by: GroupedBy) -> str:
    record = ask.truth.record(run)
    values: dict[GroupedBy, str | None] = {
        "modeller": record["associations"]["modeller_id"],
        "study": record.get("study_id"),
        "workflow_template": record["workflow_template_id"],
        "model": ask.truth.model_of(run),
        "model_version": record.get("model_version"),
        "month": datetime.fromtimestamp(record["start_time"], UTC).strftime("%Y-%m"),
    }
    return values[by] or _NOT_STATED
