"""Everything the official Python client can ask prov-api and job-api, and all it can read of the registry.

Runs in the client's own virtual environment, where nothing of this project is installed:

    python official_client.py http://127.0.0.1:8790 FOLDER RECORD

expects the tests' writable world behind the address and a record of it in the file RECORD, writes files into
FOLDER and prints one JSON object: what came of each operation, and which operations were not tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import sys
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

from provenaclient import ProvenaClient
from provenaclient.auth.manager import AuthManager
from provenaclient.utils.config import APIOverrides, Config
from ProvenaInterfaces.AsyncJobAPI import (
    AdminLaunchJobRequest,
    AdminListByBatchRequest,
    AdminListJobsRequest,
    ListByBatchRequest,
    ListJobsRequest,
)
from ProvenaInterfaces.ProvenanceAPI import GenerateReportRequest, RegisterBatchModelRunRequest
from ProvenaInterfaces.ProvenanceModels import ModelRunRecord
from ProvenaInterfaces.RegistryAPI import GeneralListRequest
from ProvenaInterfaces.RegistryModels import ItemModelRun, ItemSubType

READS = (
    "fetch",
    "list_items",
    "get_schema",
    "evaluate_auth_access",
    "get_auth_configuration",
    "get_auth_roles",
    "get_lock_history",
    "get_lock_status",
)
OF_THE_REGISTRY = (
    "get_health_check",
    "list_general_registry_items",
    "list_registry_items_with_count",
    "general_fetch_item",
    "get_current_provena_version",
)
RECORD = json.loads(Path(sys.argv[3]).read_text("utf-8"))


class AnyToken(AuthManager):
    """The embedded Provena knows its one user without a token."""

    def get_token(self) -> str:
        return "any"

    def force_refresh(self) -> None:
        pass


class Trial:
    """Tries operations and notes what came of them."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    async def __call__(self, name: str, operation: Awaitable[Any]) -> Any:
        try:
            result = await operation
        except Exception as error:  # noqa: BLE001 - plain Exception is what the client raises
            self.outcomes[name] = f"{type(error).__name__}: {error}"[:500]
            return None
        self.outcomes[name] = "ok"
        return result


async def collected(pages: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in pages]


async def try_prov_api(client: ProvenaClient, trial: Trial, folder: Path) -> tuple[str, str, str]:
    """Ids of a run, of its job and of a batch."""
    prov, jobs = client.prov_api, client.job_api
    await trial("prov_api.get_health_check", prov.get_health_check())
    record = ModelRunRecord(**RECORD)
    registered = await trial("prov_api.register_model_run", prov.register_model_run(record))
    job = await trial(
        "job_api.await_successful_job_completion", jobs.await_successful_job_completion(registered.session_id)
    )
    run_id = job.result["record"]["id"]
    better = ModelRunRecord(**{**RECORD, "description": "Better"})
    update = prov.update_model_run(run_id, "A better text", better)
    updated = await trial("prov_api.update_model_run", update)
    await trial("job_api.await_job_completion", jobs.await_job_completion(updated.session_id))
    for name, start in (
        ("explore_upstream", run_id),
        ("explore_downstream", "w/wind"),
        ("get_contributing_datasets", run_id),
        ("get_effected_datasets", "w/wind"),
        ("get_contributing_agents", run_id),
        ("get_effected_agents", "w/wind"),
    ):
        await trial(f"prov_api.{name}", getattr(prov, name)(start, 4))
    batch = RegisterBatchModelRunRequest(records=[record, record])
    submitted = await trial("prov_api.register_batch_model_runs", prov.register_batch_model_runs(batch))
    parent = await jobs.await_successful_job_completion(submitted.session_id)
    batch_id = parent.result["batch_id"]
    await try_csv(client, trial, folder, batch_id)
    return run_id, registered.session_id, batch_id


async def try_csv(client: ProvenaClient, trial: Trial, folder: Path, batch_id: str) -> None:
    prov = client.prov_api
    template = str(folder / "template.csv")
    await trial(
        "prov_api.generate_csv_template",
        prov.generate_csv_template("w/wf", file_path=template, write_to_csv=True),
    )
    for job in await client.job_api.list_all_jobs_in_batch(ListByBatchRequest(batch_id=batch_id)):
        await client.job_api.await_job_completion(job.session_id)
    text = await trial(
        "prov_api.regenerate_csv_from_model_run_batch", prov.regenerate_csv_from_model_run_batch(batch_id)
    )
    await trial("prov_api.convert_model_runs", prov.convert_model_runs(text))
    (folder / "runs.csv").write_bytes(text.encode())
    await trial(
        "prov_api.convert_model_runs_to_csv_with_file",
        prov.convert_model_runs_to_csv_with_file(str(folder / "runs.csv")),
    )


async def try_jobs(client: ProvenaClient, trial: Trial, session_id: str, batch_id: str) -> None:
    jobs, admin = client.job_api, client.job_api.admin
    listing, batch = ListJobsRequest(limit=2), ListByBatchRequest(batch_id=batch_id)
    for name, operation in (
        ("get_health_check", jobs.get_health_check()),
        ("fetch_job", jobs.fetch_job(session_id)),
        ("list_jobs", jobs.list_jobs(listing)),
        ("list_all_jobs", jobs.list_all_jobs(listing)),
        ("for_all_jobs", collected(jobs.for_all_jobs(listing))),
        ("list_jobs_in_batch", jobs.list_jobs_in_batch(batch)),
        ("list_all_jobs_in_batch", jobs.list_all_jobs_in_batch(batch)),
        ("for_all_jobs_in_batch", collected(jobs.for_all_jobs_in_batch(batch))),
    ):
        await trial(f"job_api.{name}", operation)
    launch = AdminLaunchJobRequest(
        job_type="PROV_LODGE",
        job_sub_type="MODEL_RUN_PROV_LODGE",
        job_payload={"record": RECORD, "revalidate": True, "user_info": "none"},
    )
    any_listing = AdminListJobsRequest(limit=2)
    any_batch = AdminListByBatchRequest(batch_id=batch_id)
    for name, operation in (
        ("launch_job", admin.launch_job(launch)),
        ("get_job", admin.get_job(session_id)),
        ("list_jobs", admin.list_jobs(any_listing)),
        ("list_all_jobs", admin.list_all_jobs(any_listing)),
        ("for_all_jobs", collected(admin.for_all_jobs(any_listing))),
        ("list_job_batch", admin.list_job_batch(any_batch)),
        ("list_all_jobs_in_batch", admin.list_all_jobs_in_batch(any_batch)),
        ("for_all_jobs_in_batch", collected(admin.for_all_jobs_in_batch(any_batch))),
    ):
        await trial(f"job_api.admin.{name}", operation)


async def try_registry(client: ProvenaClient, trial: Trial, of_subtype: dict[str, str]) -> None:
    registry = client.registry
    listing = GeneralListRequest(filter_by=None, sort_by=None, pagination_key=None, page_size=5)
    for name, operation in (
        ("get_health_check", registry.get_health_check()),
        ("list_general_registry_items", registry.list_general_registry_items(listing)),
        ("list_registry_items_with_count", registry.list_registry_items_with_count()),
        ("general_fetch_item", registry.general_fetch_item("w/wf")),
        ("get_current_provena_version", registry.get_current_provena_version()),
    ):
        await trial(f"registry.{name}", operation)
    for part, item_id in of_subtype.items():
        reader = getattr(registry, part)
        for name in READS:
            special = {"list_items": (listing,), "get_schema": (), "get_auth_roles": ()}
            arguments = special.get(name, (item_id,))
            await trial(f"registry.{part}.{name}", getattr(reader, name)(*arguments))


async def try_administration(client: ProvenaClient, trial: Trial, run_id: str) -> None:
    admin = client.prov_api.admin
    await trial("prov_api.admin.generate_config_file", admin.generate_config_file(required_only=False))
    fetched = await client.registry.model_run.fetch(run_id)
    item = ItemModelRun(**fetched.item.dict())
    await trial("prov_api.admin.store_record", admin.store_record(item))
    await trial("prov_api.admin.store_multiple_records", admin.store_multiple_records([item]))
    await trial("prov_api.admin.store_all_registry_records", admin.store_all_registry_records())
    delete = admin.delete_model_run_provenance(run_id, trial_mode=True)
    await trial("prov_api.admin.delete_model_run_provenance", delete)
    both = admin.delete_model_run_provenance_and_registry(run_id)
    await trial("prov_api.admin.delete_model_run_provenance_and_registry", both)


async def try_report(client: ProvenaClient, trial: Trial, folder: Path) -> None:
    # Last: the client cannot parse a list of jobs with a report among them.
    request = GenerateReportRequest(id="w/study", item_subtype=ItemSubType.STUDY, depth=1)
    await trial("prov_api.generate_report", client.prov_api.generate_report(request, f"{folder}/"))


def untried(client: ProvenaClient, tried: set[str], parts: tuple[str, ...]) -> list[str]:
    """Operations that the client has and that were not tried."""
    modules: list[tuple[str, Any, tuple[str, ...] | None]] = [
        ("prov_api", client.prov_api, None),
        ("prov_api.admin", client.prov_api.admin, None),
        ("job_api", client.job_api, None),
        ("job_api.admin", client.job_api.admin, None),
        ("registry", client.registry, OF_THE_REGISTRY),
        *((f"registry.{part}", getattr(client.registry, part), READS) for part in parts),
    ]
    names = {
        f"{path}.{name}"
        for path, module, counting in modules
        for name, _ in inspect.getmembers(type(module), inspect.isroutine)
        if not name.startswith("_") and (counting is None or name in counting)
    }
    return sorted(names - tried)


async def main(base: str, folder: Path) -> dict[str, Any]:
    services = ("prov", "registry", "jobs_service", "search", "auth", "datastore")
    paths = ("prov-api", "registry-api", "job-api", "search", "auth-api", "data-api")
    overrides = {
        f"{service}_api_endpoint_override": f"{base}/{path}"
        for service, path in zip(services, paths, strict=True)
    }
    client = ProvenaClient(AnyToken(), Config("localhost", "none", APIOverrides(**overrides)))
    trial = Trial()
    run_id, session_id, batch_id = await try_prov_api(client, trial, folder)
    of_subtype = {
        "organisation": "w/reef",
        "person": "w/jane",
        "model": "w/model",
        "model_run_workflow": "w/wf",
        "dataset_template": "w/in",
        "study": "w/study",
        "model_run": run_id,
        "create_activity": "w/c-model",
    }
    await try_jobs(client, trial, session_id, batch_id)
    await try_registry(client, trial, of_subtype)
    await try_administration(client, trial, run_id)
    await try_report(client, trial, folder)
    return {"outcomes": trial.outcomes, "untried": untried(client, set(trial.outcomes), tuple(of_subtype))}


if __name__ == "__main__":
    # The client prints its progress.
    with contextlib.redirect_stdout(io.StringIO()):
        result = asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
    sys.stdout.write(json.dumps(result))
