"""What an audit can find: stable codes, how bad each is, what it means and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Severity = Literal["blocker", "warning", "info"]
Verdict = Literal["repeatable", "with_caveats", "not_repeatable"]
Code = Literal[
    "model_version_missing",
    "model_source_missing",
    "recipe_missing",
    "recipe_unreadable",
    "recipe_superseded",
    "template_mismatch",
    "required_input_missing",
    "required_output_missing",
    "input_files_missing",
    "output_files_missing",
    "annotations_missing",
    "optional_input_left_out",
    "description_missing",
    "times_suspect",
    "not_lodged",
    "input_missing",
    "input_unreadable",
    "input_external",
    "input_address_missing",
    "input_changeable",
    "input_superseded",
    "input_overwritten",
    "input_made_by_several",
    "approval_missing",
    "use_restricted",
    "licence_missing",
    "storage_shared",
    "version_registered_later",
    "output_missing",
    "output_superseded",
    "output_remade",
    "upstream_superseded",
    "upstream_restricted",
    "upstream_unreadable",
    "lineage_cycle",
    "lineage_gap",
    "lineage_unchecked",
    "study_without_runs",
]


class Meaning(NamedTuple):
    """What a code says and what to do about it."""

    severity: Severity
    says: str
    action: str


MEANING: Final[Mapping[Code, Meaning]] = {
    "model_version_missing": Meaning(
        "blocker", "The record states no model version.", "Ask the modeller; add it with update_model_run."
    ),
    "model_source_missing": Meaning(
        "warning", "The model's record has no source address.", "Ask the model's owner for the source URL."
    ),
    "recipe_missing": Meaning(
        "blocker",
        "The workflow template, one of its dataset templates or the model is gone or unusable.",
        "Ask whoever registered it what it was.",
    ),
    "recipe_unreadable": Meaning(
        "warning",
        "The workflow template, one of its dataset templates or the model cannot be read by you.",
        "Ask its owner for read access.",
    ),
    "recipe_superseded": Meaning(
        "info", "The template or model has a newer version.", "Consider it for the next run."
    ),
    "template_mismatch": Meaning(
        "warning",
        "The record does not fit its workflow template.",
        "Compare both; the template may have changed.",
    ),
    "required_input_missing": Meaning(
        "blocker",
        "An input that the template requires is not recorded.",
        "Ask the modeller which dataset it was.",
    ),
    "required_output_missing": Meaning(
        "warning", "An output that the template requires is not recorded.", "Register it and update the run."
    ),
    "input_files_missing": Meaning(
        "blocker",
        "Paths that the template leaves to each run are not named.",
        "Ask the modeller for the paths.",
    ),
    "output_files_missing": Meaning(
        "warning",
        "Output paths that the template leaves to each run are not named.",
        "Add them to the record.",
    ),
    "annotations_missing": Meaning(
        "warning", "Annotations that the template requires are missing.", "Add them with update_model_run."
    ),
    "optional_input_left_out": Meaning(
        "info",
        "An input that the template leaves optional is not recorded.",
        "Ask the modeller whether it was used.",
    ),
    "description_missing": Meaning(
        "info", "A description says nothing.", "Ask its owner or the modeller to describe it."
    ),
    "times_suspect": Meaning(
        "warning", "The run's times are not plausible.", "Check them with the modeller."
    ),
    "not_lodged": Meaning(
        "warning",
        "The lineage graph does not hold the run.",
        "Look with fetch_items what the registry holds of it, and with list_jobs how its job ended; an "
        "administrator's store_record puts it into the graph.",
    ),
    "input_missing": Meaning(
        "blocker", "An input is not in the registry, or only a reserved id.", "Ask the modeller for the data."
    ),
    "input_unreadable": Meaning(
        "blocker", "You cannot read an input's record.", "Ask the input's owner for access."
    ),
    "input_external": Meaning(
        "warning", "An input is hosted outside Provena and may change or vanish.", "Archive a copy."
    ),
    "input_address_missing": Meaning(
        "blocker", "An input is hosted outside Provena and no address is recorded.", "Ask its custodian."
    ),
    "input_changeable": Meaning(
        "warning",
        "An input is not released: its files can still change.",
        "Have it released, or keep checksums.",
    ),
    "input_superseded": Meaning(
        "warning", "An input has been replaced by a newer version.", "Decide whether to run again."
    ),
    "input_overwritten": Meaning(
        "blocker",
        "An input was made again by this run or a later one: what was used may be gone.",
        "Look for a copy from before; write results to a new dataset in future.",
    ),
    "input_made_by_several": Meaning(
        "info",
        "An input was made by several runs: which content was used is not recorded.",
        "Ask the modeller.",
    ),
    "approval_missing": Meaning(
        "blocker",
        "An input needs an approval that has not been obtained.",
        "Obtain it before using the data.",
    ),
    "use_restricted": Meaning(
        "warning", "An input's licence, limits or approvals restrict its use.", "Read them before reuse."
    ),
    "licence_missing": Meaning("info", "An input states no licence.", "Ask its custodian."),
    "storage_shared": Meaning(
        "warning",
        "Two versions name one storage place: what the older one held may have been overwritten.",
        "Ask the custodian which content lies there.",
    ),
    "version_registered_later": Meaning(
        "warning",
        "The run started before the version it names was registered.",
        "Ask the modeller whether the version before was used.",
    ),
    "output_missing": Meaning(
        "warning", "An output cannot be read, or is not in the registry.", "Ask its owner."
    ),
    "output_superseded": Meaning(
        "info", "An output has been replaced by a newer version.", "Use the newer one."
    ),
    "output_remade": Meaning(
        "warning",
        "An output was also made by other runs: it may no longer hold this result.",
        "Compare the runs.",
    ),
    "upstream_superseded": Meaning(
        "info",
        "Datasets further upstream have newer versions.",
        "Decide whether the chain is to be run again.",
    ),
    "upstream_restricted": Meaning(
        "info", "Datasets further upstream restrict their use.", "Read them before publishing results."
    ),
    "upstream_unreadable": Meaning(
        "info", "Datasets further upstream cannot be read.", "Ask their owners if it matters."
    ),
    "lineage_cycle": Meaning(
        "warning", "Runs overwrote what they or others used: the order is ambiguous.", "Ask the modellers."
    ),
    "lineage_gap": Meaning(
        "info",
        "No run made these datasets: the lineage ends here.",
        "Accept as original, or register the run.",
    ),
    "lineage_unchecked": Meaning(
        "info", "Part of the lineage was not looked at.", "Audit the runs further upstream too."
    ),
    "study_without_runs": Meaning(
        "warning", "The study has no runs.", "Link its runs with link_model_run_to_study."
    ),
}

# What says that a result is no longer the latest word, whether or not it can be repeated.
_OUTDATED: Final[frozenset[Code]] = frozenset(
    {"input_superseded", "upstream_superseded", "output_superseded", "output_remade"}
)
_WORST_FIRST: Final[tuple[Severity, ...]] = ("blocker", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """Something found: the items it concerns, each with what was seen there (may be empty).

    ``runs`` are the other runs by which an item is concerned, where it is runs.
    """

    code: Code
    evidence: Mapping[str, str]
    runs: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return MEANING[self.code].severity


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Whether a run with these findings can be repeated from what Provena holds."""
    severities = {finding.severity for finding in findings}
    if "blocker" in severities:
        return "not_repeatable"
    return "with_caveats" if "warning" in severities else "repeatable"


def is_current(findings: Iterable[Finding]) -> bool:
    """Whether nothing newer than what a run used and made is known."""
    return not any(finding.code in _OUTDATED for finding in findings)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Blockers, then warnings, then the rest; otherwise in the order of the checks."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))


def state(findings: Iterable[Finding]) -> Severity | Literal["ok"]:
    """The worst severity among findings."""
    ordered = worst_first(findings)
    return ordered[0].severity if ordered else "ok"
