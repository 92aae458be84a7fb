"""Tells a comparison in names, as much of it as fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from provena_mcp.lineage.comparison import Aspect, Comparison, Difference
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import NextCalls, first_that_fits, unreadable_of
from provena_mcp.queries.answers.comparison_result import (
    ComparedRun,
    ComparedValue,
    CompareModelRunsResult,
    DifferenceRow,
    SameRow,
    Scope,
)
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.text import all_reasons, clean
from provena_mcp.wire.items import ModelRunItem

_TEXT: Final = 200
_VALUE: Final = 40
# Values of one row and rows of what is the same, at most, in ever smaller answers.
_SIZES: Final = ((10, 30), (8, 15), (5, 8), (3, 4), (2, 0), (1, 0))

# The values of a difference, each with the labels of the runs that have it.
_Held = list[tuple[str, str]]


@dataclass(frozen=True)
class Compared:
    """A comparison, the version numbers of its items, and the sizes of the lineages compared.

    ``kinds`` are those that the lineages give their items, ``empty`` the runs whose lineages hold none.
    """

    comparison: Comparison
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    sizes: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    incomplete_because: str | None = None
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    empty: tuple[str, ...] = ()

    def doubted(self, reason: str | None) -> Compared:
        """The same called incomplete for ``reason`` too, if there is one."""
        return replace(self, incomplete_because=all_reasons(self.incomplete_because, reason))


async def tell_comparison(
    reader: Reader, runs: Mapping[str, ModelRunItem], compared: Compared, scope: Scope, max_tokens: int
) -> CompareModelRunsResult:
    """The comparison of ``runs`` by label, with as many values of each row as fit."""
    held = [_by_value(difference) for difference in compared.comparison.differences]
    named = await reader.names.of_ids(reader.caller, _ids_to_name(compared.comparison, held, scope))
    doubted = compared.doubted(named.doubt_of(compared.kinds))
    return first_that_fits(ComparisonAnswer(runs, doubted, scope, held, named).answers(), max_tokens)


def _ids_to_name(comparison: Comparison, held: Sequence[_Held], scope: Scope) -> list[str]:
    most_values, most_same = _SIZES[0]
    wanted: dict[str, None] = {}
    for difference, values in zip(comparison.differences, held, strict=True):
        if difference.aspect.holds_ids:
            wanted.update((value, None) for value, _ in values[:most_values])
            wanted.update(dict.fromkeys(difference.shared[: most_values // 2]))
    for aspect in _worth_showing(comparison, scope)[:most_same]:
        if aspect.holds_ids:
            wanted.update(dict.fromkeys(_shared_values(aspect)[:most_values]))
    aspects = (*(difference.aspect for difference in comparison.differences), *comparison.same)
    roles = (aspect.role for aspect in aspects if aspect.role is not None)
    return sorted({*wanted, *roles})


def _worth_showing(comparison: Comparison, scope: Scope) -> list[Aspect]:
    """What is the same and says something: of two lineages only data and runs."""
    return [aspect for aspect in comparison.same if scope == "record" or aspect.field in ("datasets", "runs")]


class ComparisonAnswer:
    """A comparison of labelled runs, in names."""

    def __init__(
        self,
        runs: Mapping[str, ModelRunItem],
        compared: Compared,
        scope: Scope,
        held: Sequence[_Held],
        named: NamesFound,
    ) -> None:
        """Tell ``compared``, the comparison of ``runs`` by label; ``held`` the values of each difference."""
        self._runs = runs
        self._compared = compared
        self._scope: Scope = scope
        self._held = held
        self._named = named

    def answers(self) -> Iterator[CompareModelRunsResult]:
        """Ever smaller answers."""
        comparison = self._compared.comparison
        because = self._compared.incomplete_because
        says, notes, same_counts = self._says(), self._same_names() or None, self._same_counts()
        for most_values, most_same in _SIZES:
            same = _worth_showing(comparison, self._scope)[:most_same]
            yield CompareModelRunsResult(
                answer=says,
                scope=self._scope,
                runs=tuple(self._run(label, run) for label, run in self._runs.items()),
                differences=tuple(
                    self._difference(row, held, most_values)
                    for row, held in zip(comparison.differences, self._held, strict=True)
                ),
                same=tuple(self._same(aspect, most_values) for aspect in same),
                same_counts=same_counts,
                notes=notes,
                complete=because is None,
                incomplete_because=because,
                unreadable=unreadable_of(self._named),
                next=self._next(),
            )

    def _same_counts(self) -> dict[str, int]:
        counts = Counter[str]()
        for aspect in self._compared.comparison.same:
            counts[aspect.field] += len(_shared_values(aspect))
        for difference in self._compared.comparison.differences:
            counts[difference.aspect.field] += len(difference.shared)
        return {name: count for name, count in counts.items() if count}

    def _run(self, label: str, run: ModelRunItem) -> ComparedRun:
        return ComparedRun(
            label=label,
            id=run.id,
            name=clean(run.display_name or "", _TEXT) or None,
            lineage=dict(self._compared.sizes[label]) if label in self._compared.sizes else None,
        )

    def _difference(
        self, difference: Difference, held: Sequence[tuple[str, str]], most: int
    ) -> DifferenceRow:
        aspect = difference.aspect
        return DifferenceRow(
            field=aspect.field,
            kind=difference.kind,
            role=self._role(aspect),
            key=clean(aspect.key, _TEXT) if aspect.key is not None else None,
            side=aspect.side,
            values=tuple(
                self._value(aspect, value, labels, with_version=difference.kind == "versions")
                for value, labels in held[:most]
            ),
            of=len(held) if len(held) > most else None,
            shared=len(difference.shared) or None,
            both_have=tuple(self._value(aspect, value) for value in difference.shared[: most // 2]) or None,
        )

    def _same(self, aspect: Aspect, most: int) -> SameRow:
        values = _shared_values(aspect)
        return SameRow(
            field=aspect.field,
            role=role.name or role.id if (role := self._role(aspect)) else None,
            key=clean(aspect.key, _TEXT) if aspect.key is not None else None,
            values=tuple(self._value(aspect, value) for value in values[:most]),
            of=len(values) if len(values) > most else None,
        )

    def _value(
        self, aspect: Aspect, value: str, labels: str | None = None, *, with_version: bool = False
    ) -> ComparedValue:
        if not aspect.holds_ids:
            return ComparedValue(runs=labels, text=clean(value, _TEXT))
        version = self._compared.numbers.get(value) if with_version else None
        return ComparedValue(runs=labels, id=value, name=self._name(value), version=version)

    def _role(self, aspect: Aspect) -> Ref | None:
        return Ref(id=aspect.role, name=self._name(aspect.role)) if aspect.role is not None else None

    def _name(self, item_id: str) -> str | None:
        found = self._named.named.get(item_id)
        return found.name or None if found else None

    def _says(self) -> str:
        differing = Counter(difference.aspect.field for difference in self._compared.comparison.differences)
        same = dict.fromkeys(aspect.field for aspect in self._compared.comparison.same)
        what = "records" if self._scope == "record" else "lineages"
        empty = self._compared.empty
        if len(empty) == len(self._runs):
            whom = "either run" if len(empty) == 2 else "any of the runs"
            return f"{self._nothing_led_to(whom)}, so there is nothing to compare."
        if not differing and not same:
            return "What led to the runs is of no known kind, so it cannot be compared."
        if not differing:
            return f"The {what} of the {len(self._runs)} runs are the same."
        alike = [self._alike_in(name) for name in same if name not in differing]
        told = f"The {what} of the {len(self._runs)} runs differ in {', '.join(differing)}"
        told += f"; the same: {', '.join(alike)}." if alike else "."
        lacking = [f"{self._nothing_led_to(' and '.join(empty))}."] if empty else []
        return " ".join([told, *lacking, *self._containments()])

    def _nothing_led_to(self, whom: str) -> str:
        if self._compared.incomplete_because is None:
            return f"Nothing is recorded that led to {whom}"
        return f"Nothing was found that led to {whom}, though that may not be all"

    def _alike_in(self, name: str) -> str:
        """A field in which all runs agree, with its value where it has one."""
        aspects = [aspect for aspect in self._compared.comparison.same if aspect.field == name]
        values = [value for aspect in aspects for value in _shared_values(aspect)]
        if len(values) != 1 or self._scope == "lineage":
            return name
        said = self._name(values[0]) if aspects[0].holds_ids else clean(values[0], _VALUE)
        return f"{name} {said!r}" if said else name

    def _containments(self) -> Iterator[str]:
        """Of two runs, that one used or made all that the other did, and more."""
        if len(self._runs) != 2 or self._scope == "lineage":
            return
        for side in ("inputs", "outputs"):
            (one, first), (other, second) = (
                (label, {dataset.dataset_id for dataset in getattr(run.record, side)})
                for label, run in self._runs.items()
            )
            for more, fewer, all_of, some_of in ((one, other, first, second), (other, one, second, first)):
                if some_of and all_of > some_of:
                    yield f"{more} has all {side} of {fewer}, and {len(all_of - some_of)} more."

    def _same_names(self) -> tuple[str, ...]:
        """Different items of one name, which a reader would take for the same."""
        notes: list[str] = []
        for difference in self._compared.comparison.differences:
            if difference.aspect.holds_ids and difference.kind != "versions":
                items = dict.fromkeys(item for values in difference.values.values() for item in values)
                notes.extend(self._alike(items))
        return tuple(dict.fromkeys(notes))

    def _alike(self, items: Iterable[str]) -> Iterator[str]:
        by_name: dict[str, list[str]] = {}
        for item in items:
            name = self._name(item)
            if name:
                by_name.setdefault(name, []).append(item)
        for name, ids in by_name.items():
            if len(ids) > 1:
                yield f"'{name}' is the name of different items: {', '.join(sorted(ids))}."

    def _next(self) -> NextCalls:
        ids = [run.id for run in self._runs.values()]
        if self._scope == "record":
            arguments: dict[str, JsonValue] = {"run_ids": [*ids], "scope": "lineage"}
            return (NextCall(tool="compare_model_runs", arguments=arguments, why="all that led to them"),)
        if any(difference.kind == "versions" for difference in self._compared.comparison.differences):
            return (
                NextCall(
                    tool="audit_reproducibility",
                    arguments={"item_id": ids[0]},
                    why="whether A is still current",
                ),
            )
        return None


def _by_value(difference: Difference) -> _Held:
    """Each value with the labels of the runs that have it, in the order of the labels."""
    labels: dict[str, str] = {}
    for label, values in difference.values.items():
        for value in values:
            labels[value] = labels.get(value, "") + label
    return sorted(labels.items(), key=lambda entry: (entry[1], entry[0]))


def _shared_values(aspect: Aspect) -> tuple[str, ...]:
    return tuple(sorted(next(iter(aspect.values.values()))))
