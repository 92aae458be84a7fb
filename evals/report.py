"""Tells what came of the questions: a table by kind, what was wrong, and whether the goals are met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from evals.asking import Outcome

MEAN_CALLS: Final = 1.5
MEAN_TOKENS: Final = 1500
WORST_TOKENS: Final = 4000


def as_table(outcomes: Sequence[Outcome]) -> str:
    """Kinds of questions with how many are right, calls and tokens; then what is wrong."""
    kinds: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[(outcome.question.world, outcome.question.kind)].append(outcome)
    rows = [(*kind, *_figures(group)) for kind, group in kinds.items()]
    rows.append(("all", "", *_figures(outcomes)))
    lines = [f"{'world':8}{'question':14}{'right':>8}{'calls':>8}{'tokens':>8}{'worst':>8}"]
    lines += [f"{row[0]:8}{row[1]:14}{row[2]:>8}{row[3]:>8}{row[4]:>8}{row[5]:>8}" for row in rows]
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    lines += [f"\n{outcome.question.asks}\n  " + "\n  ".join(outcome.complaints) for outcome in wrong]
    lines += [f"\n{goal}" for goal in missed_goals(outcomes)]
    return "\n".join(lines)


def missed_goals(outcomes: Sequence[Outcome]) -> list[str]:
    """What is not as good as it has to be; nothing if all is."""
    wrong = sum(not outcome.is_right for outcome in outcomes)
    calls = _mean([outcome.calls for outcome in outcomes])
    tokens = _mean([outcome.tokens for outcome in outcomes])
    worst = max((outcome.tokens / outcome.calls for outcome in outcomes), default=0)
    goals = (
        (wrong == 0, f"{wrong} of {len(outcomes)} answers are wrong."),
        (calls <= MEAN_CALLS, f"{calls:.2f} calls a question, more than {MEAN_CALLS}."),
        (tokens <= MEAN_TOKENS, f"{tokens:.0f} tokens a question, more than {MEAN_TOKENS}."),
        (worst <= WORST_TOKENS, f"{worst:.0f} tokens in an answer, more than {WORST_TOKENS}."),
    )
    return [missed for is_met, missed in goals if not is_met]


def _figures(group: Sequence[Outcome]) -> tuple[str, str, str, str]:
    return (
        f"{sum(outcome.is_right for outcome in group)}/{len(group)}",
        f"{_mean([outcome.calls for outcome in group]):.2f}",
        f"{_mean([outcome.tokens for outcome in group]):.0f}",
        f"{max(outcome.tokens for outcome in group)}",
    )


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
