"""Which recorded exchanges are shipped: a table of what each is the witness of.

    python -m tests.recordings.choice [../shared/goldens]

writes the extract beside this file from the whole set.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.recordings.recorded import EXTRACT, WHOLE, Exchange, read_exchanges

MOST_BYTES = 300_000


@dataclass(frozen=True)
class Witnesses:
    """Exchanges, by name pattern, that show what a section of docs/provena-http.md says."""

    sections: str
    file: str
    names: tuple[str, ...]


CHOICE = (
    # Each query near and far, with its default depth, and where nothing is found.
    Witnesses("2.1 5.1 5.2 5.3", "prov.jsonl", ("prov_explore_*_run5_d1", "prov_explore_*_isolated_d3")),
    Witnesses(
        "5.5", "prov.jsonl", ("prov_explore_upstream_summary1_d[12]", "prov_explore_downstream_hydro1_d2")
    ),
    Witnesses("5.5", "prov.jsonl", ("prov_explore_*_hydro4_d1", "prov_explore_downstream_*1_dNone")),
    Witnesses("5.5", "prov.jsonl", ("prov_explore_upstream_person_d1", "prov_explore_downstream_study_d1")),
    Witnesses("5.5", "prov.jsonl", ("prov_special_contributing_datasets_hydro[14]_*",)),
    Witnesses("5.5", "prov.jsonl", ("prov_special_*_datasets_person_d1", "prov_special_*_run5_d1")),
    Witnesses(
        "5.5",
        "prov.jsonl",
        ("prov_special_effected_datasets_hydro1_d*", "prov_special_effected_datasets_hydro4_d1"),
    ),
    Witnesses("5.5", "prov.jsonl", ("prov_special_contributing_agents_wf_d1", "prov_special_*_agents_*4_d1")),
    Witnesses("5.5", "prov_depth100.jsonl", ("*_upstream_forcing_d1[01]*", "*_datasets_hydro4_d100__*")),
    Witnesses("2.1 3.2 B1 B2", "prov.jsonl", ("prov_err_explore_upstream_*", "prov_err_explore_missing_id")),
    Witnesses("B2", "prov.jsonl", ("prov_err_explore_*_datasets_depth_0", "prov_explore_*_forcing_d11")),
    Witnesses("2.1", "prov.jsonl", ("prov_explore_item_not_in_graph", "prov_explore_seed_item")),
    # Who may.
    Witnesses("1.3 3.3 B21", "prov.jsonl", ("prov_err_auth_*", "prov_err_register_no_token")),
    Witnesses("2.9 B22", "prov.jsonl", ("prov_check_access_general_*", "prov_check_access_*_noroles")),
    Witnesses("2.9", "prov.jsonl", ("prov_check_access_admin_admin", "prov_check_access_write_reader")),
    Witnesses("3.4", "prov.jsonl", ("prov_err_404", "prov_err_405", "prov_health")),
    Witnesses("6.1", "job.jsonl", ("job_health",)),
    Witnesses("7.8", "auth.jsonl", ("*",)),
    # Records.
    Witnesses("2.3 4.1 4.4", "prov.jsonl", ("prov_err_register_[!beus]*", "prov_err_register_unknown_*")),
    Witnesses("3.2 4.3", "prov.jsonl", ("prov_err_register_*_type", "prov_err_register_batch_*")),
    Witnesses("3.2 4.3 4.4", "prov.jsonl", ("prov_err_register_e[mn]*", "prov_err_register_*_deferred_*")),
    Witnesses("4.4", "prov.jsonl", ("prov_err_register_extra_template_*", "prov_register_model_run")),
    Witnesses("5.6 6.4 6.5", "job.jsonl", ("prov_register_model_run_job",)),
    Witnesses("2.4 B11", "prov.jsonl", ("prov_register_batch*",)),
    Witnesses("6.4 B17", "job.jsonl", ("prov_register_batch_*", "prov_register_batch_bad_record_list")),
    Witnesses("2.6", "prov.jsonl", ("prov_update_bad_dataset", "prov_update_missing_reason")),
    Witnesses("2.6 5.7 B5", "prov.jsonl", ("prov_update_model_run", "prov_update_explore_*")),
    Witnesses("2.6", "prov.jsonl", ("prov_update_unknown_run", "prov_err_update_reader_role")),
    Witnesses("2.6", "job.jsonl", ("prov_update_unknown_run_job",)),
    Witnesses("2.7 B20", "prov.jsonl", ("prov_link_to_study*",)),
    # CSV.
    Witnesses("8.1", "prov.jsonl", ("prov_csv_template_*",)),
    Witnesses("8.2 B9 B10", "prov.jsonl", ("prov_csv_convert_[!r]*", "prov_csv_convert_regenerated_*")),
    Witnesses("8.2", "prov.jsonl", ("prov_csv_err_*", "prov_csv_warn_*")),
    Witnesses("8.3 B19", "prov.jsonl", ("prov_csv_regenerate*",)),
    # Administration.
    Witnesses(
        "2.8 B6 B7", "prov.jsonl", ("prov_delete_leaf_run13", "prov_delete_unknown", "prov_delete_*_401")
    ),
    Witnesses("2.10", "prov.jsonl", ("prov_admin_config_*", "prov_admin_sentry_debug")),
    Witnesses("2.10", "prov.jsonl", ("prov_admin_store_record_malformed", "prov_admin_store_records_empty")),
    Witnesses("2.10 B14", "prov.jsonl", ("prov_admin_store_all_*", "prov_graph_clear*")),
    Witnesses("2.10", "prov.jsonl", ("prov_explore_after_clear*",)),
    # Reports and jobs.
    Witnesses("2.2 9.2 9.3", "prov.jsonl", ("prov_report_*",)),
    Witnesses("6.2 6.3 9.3", "job.jsonl", ("prov_report_[desu]*", "prov_report_run5_d3_job")),
    Witnesses("6.1 6.3", "job.jsonl", ("job_fetch_*", "job_admin_fetch_*", "job_retry", "job_list_reader")),
    Witnesses("6.1", "job.jsonl", ("job_list_noroles", "job_list_batch_unknown")),
    # The registry.
    Witnesses(
        "3.1 7.1 7.3 7.4 7.6", "registry.jsonl", ("registry_fetch_[!dmr]*", "registry_fetch_d_forcing")
    ),
    Witnesses("7.3 7.6", "registry.jsonl", ("registry_fetch_model_hydro",)),
    Witnesses("3.1 7.3 B27", "registry.jsonl", ("registry_general_fetch_unknown",)),
    Witnesses("7.5", "registry.jsonl", ("registry_list_page1",)),
    Witnesses("7.2 7.6", "registry.jsonl", ("registry_create_*", "registry_model_*", "registry_seed_study")),
    Witnesses("7.2 5.3", "registry.jsonl", ("registry_version_model", "registry_auth_evaluate_reader")),
    Witnesses("5.3 6.4", "job.jsonl", ("registry_model_hydro_*",)),
    Witnesses("7.7", "search.jsonl", ("*",)),
)
# The world: items, the graph they became, the records; whose Person is whose, names for handles; a report.
PACKED = ("registry_items.json", "graph_dump.json", "model_run_records.json")
COPIED = ("links.json", "ids.json", "report_run5_d3.docx")
# Parts of an exchange that say nothing more.
_REPEATED = ("base_url", "url")
_SECRET = re.compile(r"((?:secret_arn|password|key_id)=)[^\n]*")


def chosen(whole: Path, file: str) -> list[Exchange]:
    """The exchanges of one file that are shipped."""
    patterns = [name for witnesses in CHOICE if witnesses.file == file for name in witnesses.names]
    return [
        exchange
        for exchange in read_exchanges(whole / file)
        if any(fnmatch(exchange["name"], pattern) for pattern in patterns)
    ]


def write(whole: Path, folder: Path) -> None:
    """Write the extract of ``whole`` into ``folder``."""
    for file in sorted({witnesses.file for witnesses in CHOICE}):
        lines = [_line(exchange) for exchange in chosen(whole, file)]
        (folder / file).write_text("".join(lines), "utf-8", newline="\n")
    for name in COPIED:
        shutil.copyfile(whole / name, folder / name)
    for name in PACKED:
        text = _compact(json.loads((whole / name).read_text("utf-8")))
        (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _line(exchange: Exchange) -> str:
    request = {key: value for key, value in exchange["request"].items() if key not in _REPEATED}
    if not request["headers"]:
        del request["headers"]
    response = {key: value for key, value in exchange["response"].items() if key != "elapsed_s"}
    if isinstance(response.get("text"), str):
        response["text"] = _SECRET.sub(r"\1redacted", response["text"])
    note = {"note": exchange["note"]} if exchange.get("note") else {}
    return _compact({"name": exchange["name"], **note, "request": request, "response": response}) + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else WHOLE, EXTRACT)
