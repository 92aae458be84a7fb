"""Recorded writing, repeated: stories of exchanges that build on one another.

Each story is played on a recorded world of its own, with a worker that does its jobs. Ids and sessions
that the services made up stand for the ones that are made up here: they are learnt by laying each answer
beside the recorded one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.recordings.recorded import Exchange, read_exchanges

_FILES = ("prov.jsonl", "registry.jsonl", "job.jsonl", "auth.jsonl")


@dataclass(frozen=True)
class Story:
    """Exchanges by name pattern, in order; each is followed by those about its job.

    ``but`` names exchanges that cannot be repeated, with why. ``batches`` says which exchange made the
    batch that another one asks about, where no recording tells.
    """

    name: str
    exchanges: tuple[str, ...]
    but: tuple[tuple[str, str], ...] = ()
    batches: dict[str, str] = field(default_factory=dict[str, str])

    def select(self, recorded: dict[str, Exchange]) -> Iterator[Exchange]:
        """The exchanges to play."""
        followed = ("_job", "_lodge_job", "_list")
        played: set[str] = set()
        for pattern in self.exchanges:
            for name in recorded:
                if fnmatch(name, pattern) and not name.endswith(followed) and not self._leaves_out(name):
                    for each in (name, *(f"{name}{ending}" for ending in followed)):
                        if each in recorded and each not in played:
                            played.add(each)
                            yield recorded[each]

    def _leaves_out(self, name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern, _ in self.but)


_LATER = "recorded after writes that have no recording"
STORIES = (
    Story("registering", ("prov_err_register_*", "prov_register_*")),
    Story(
        "updating",
        (
            "prov_update_bad_dataset",
            "prov_update_missing_reason",
            "prov_err_update_reader_role",
            "prov_update_model_run",
            "prov_update_explore_*",
            "prov_update_*",
        ),
    ),
    Story("linking", ("prov_link_to_study_*", "prov_link_to_study")),
    Story(
        "CSV",
        (
            "prov_csv_template_*",
            "prov_csv_convert_*",
            "prov_csv_err_*",
            "prov_csv_unknown_agent",
            "prov_csv_warn_*",
        ),
        (("prov_csv_err_not_utf8", "its bytes were lost in the recording"),),
    ),
    Story(
        "CSV of batches",
        (
            "prov_register_batch",
            "prov_register_batch_bad_record",
            "prov_register_batch_from_csv",
            "prov_csv_regenerate*",
        ),
        batches={
            "prov_csv_regenerate": "prov_register_batch_from_csv",
            "prov_csv_regenerate_other_user": "prov_register_batch_from_csv",
            "prov_csv_regenerate_failed_batch": "prov_register_batch_bad_record",
            "prov_csv_regenerate_mixed_workflows_error": "prov_register_batch",
        },
    ),
    Story(
        "deleting",
        (
            "prov_register_duplicate",
            "prov_delete_trial",
            "prov_delete_explore_after_trial",
            "prov_delete_real",
            "prov_delete_explore_after_real",
            "prov_delete_again",
            "prov_delete_leaf_run13",
            "prov_delete_explore_upstream_of_orphan_output",
            "prov_delete_*",
        ),
        (("prov_delete_explore_downstream_shared_after", _LATER),),
    ),
    Story("restoring", ("prov_admin_sentry_debug", "prov_admin_store_record*", "prov_admin_*_401")),
    Story(
        "clearing",
        (
            "prov_admin_store_all_registry_records*",
            "prov_graph_clear_writer_401",
            "prov_graph_clear",
            "prov_explore_after_clear",
            "prov_admin_store_all_after_clear",
            "prov_explore_after_clear_and_store_all",
        ),
    ),
    Story("reports", ("registry_create_study_empty", "prov_report_*")),
    Story(
        "jobs",
        (
            "prov_report_run5_d1_reader",
            "job_list_reader",
            "job_fetch_unknown",
            "job_list_batch_unknown",
            "job_retry",
        ),
    ),
    Story(
        "jobs of others",
        (
            "registry_create_study_empty",
            "prov_report_empty_study",
            "job_fetch_other_user",
            "job_admin_fetch_*",
        ),
    ),
    Story(
        "registry writes",
        # What is created here stands for what has its place in the world: what others refer to comes last.
        (
            "registry_create_model_run_workflow_template",
            "registry_create_dataset_template",
            "registry_model_hydro",
            "registry_version_model",
            "registry_seed_study",
            "registry_create_*",
        ),
    ),
    Story(
        "reading what was written",
        (
            "registry_create_study_empty",
            "prov_explore_item_not_in_graph",
            "registry_seed_study",
            "prov_explore_seed_item",
            "registry_fetch_seed_item",
        ),
    ),
    Story("who may", ("registry_auth_evaluate_reader", "auth_link_assign_*", "job_list_noroles")),
)


def read_recorded(goldens: Path) -> dict[str, Exchange]:
    """All exchanges that stories may name."""
    return {exchange["name"]: exchange for file in _FILES for exchange in read_exchanges(goldens / file)}
