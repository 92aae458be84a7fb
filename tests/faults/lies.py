"""The lies: well-formed answers about something else, without proof, or with the same thing again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.faults.proxy import Exchange, Fault, Spoil

Json = dict[str, Any]


def lying(lie: Callable[[Json], None]) -> Spoil:
    """The real answer, changed in place where it is one that ``lie`` is about."""

    async def spoil(exchange: Exchange) -> None:
        answer = await exchange.forward()
        try:
            body = json.loads(answer.body)
        except ValueError:
            await exchange.send(answer.raw)
            return
        if isinstance(body, dict):
            lie(body)
        await exchange.send(answer.with_body(json.dumps(body).encode()).raw)

    return spoil


def _rows(body: Json) -> list[Json]:
    """The rows of any list there is."""
    return next((body[name] for name in ("items", "jobs", "results") if body.get(name)), [])


def _jobs(body: Json) -> list[Json]:
    return [body["job"]] if isinstance(body.get("job"), dict) else body.get("jobs") or []


def another_item(body: Json) -> None:
    if body.get("item"):
        body["item"]["id"] = "sample/1000001"


def another_session(body: Json) -> None:
    if "job" in body:
        body["job"]["session_id"] = "4c1f7a52-0000-4000-8000-000000000000"


def no_session(body: Json) -> None:
    if "session_id" in body:
        body["session_id"] = ""
    for job in _jobs(body):
        job["session_id"] = ""


def success_without_proof(body: Json) -> None:
    for job in _jobs(body):
        job.update(status="SUCCEEDED", result=None)


def success_of_another_kind(body: Json) -> None:
    for job in _jobs(body):
        job.update(status="SUCCEEDED", job_sub_type="GENERATE_REPORT", result={"report_url": "/r"})


# Runs of the sample world.
OTHER_RUNS = ("sample/1000016", "sample/1000040", "sample/1000042", "sample/1000043")


def _registered(jobs: list[Json]) -> list[Json]:
    return [job for job in jobs if job["job_sub_type"] == "MODEL_RUN_PROV_LODGE" and job.get("result")]


def another_run(body: Json) -> None:
    for job, run_id in zip(_registered(_jobs(body)), OTHER_RUNS, strict=False):
        job["result"]["record"]["id"] = run_id


def the_run_of_another_row(body: Json) -> None:
    jobs = _registered(body.get("jobs") or [])
    names = [job["result"]["record"]["id"] for job in jobs]
    for job, run_id in zip(jobs, names[1:] + names[:1], strict=True):
        job["result"]["record"]["id"] = run_id


def one_run_for_all_rows(body: Json) -> None:
    for job in _registered(body.get("jobs") or []):
        job["result"]["record"]["id"] = _registered(body["jobs"])[0]["result"]["record"]["id"]


def a_run_that_is_nowhere(body: Json) -> None:
    for job in _registered(_jobs(body)):
        job["result"]["record"]["id"] += "404404"
    _hide_runs(body, lambda run_id: run_id.startswith("local/"))


def every_other_run_is_not_made(body: Json) -> None:
    for job in _registered(_jobs(body)):
        if _is_even(job["result"]["record"]["id"]):
            job.update(status="FAILED", result=None, info="Job failed, err: lodging. Error: ..")
    _hide_runs(body, _is_even)


def _is_even(run_id: str) -> bool:
    return run_id.startswith("local/") and run_id[-1] in "02468"


def _hide_runs(body: Json, is_hidden: Callable[[str], bool]) -> None:
    if body.get("items"):
        body["items"] = [item for item in body["items"] if not is_hidden(item["id"])]


def rows_again(body: Json) -> None:
    _rows(body)[:] = [row for row in _rows(body) for _ in range(3)]


def null_rows(body: Json) -> None:
    for name in ("items", "jobs", "results"):
        if name in body:
            body[name] = None


def another_subtype(body: Json) -> None:
    if body.get("items"):
        body["items"][-1]["item_subtype"] = "ORGANISATION"


def the_same_page_again(body: Json) -> None:
    if "pagination_key" in body:
        body["pagination_key"] = {"id": "sample/1000001"}


def links_again(body: Json) -> None:
    if "graph" in body:
        body["graph"]["links"] *= 3


def nodes_again(body: Json) -> None:
    if "graph" in body:
        body["graph"]["nodes"] *= 2


def links_lost(body: Json) -> None:
    if "graph" in body:
        body["graph"]["links"] = []


def links_turned(body: Json) -> None:
    for link in body.get("graph", {}).get("links", ()):
        link["source"], link["target"] = link["target"], link["source"]


def a_stranger(body: Json) -> None:
    if "graph" in body:
        stranger = {"id": "sample/9", "item_category": "ENTITY", "item_subtype": "DATASET"}
        body["graph"]["nodes"].append(stranger)
        body["record_count"] += 1


def an_item_left_out(body: Json) -> None:
    if body.get("graph", {}).get("nodes"):
        body["graph"]["nodes"].pop()
        body["record_count"] -= 1


def links_both_ways(body: Json) -> None:
    for link in list(body.get("graph", {}).get("links", ())):
        body["graph"]["links"].append({**link, "source": link["target"], "target": link["source"]})


def links_to_itself(body: Json) -> None:
    for node in body.get("graph", {}).get("nodes", ()):
        link = {"type": "wasInfluencedBy", "source": node["id"], "target": node["id"]}
        body["graph"]["links"].append(link)


def impossible_links(body: Json) -> None:
    for link in body.get("graph", {}).get("links", ()):
        link["type"] = "actedOnBehalfOf"


def items_miscounted(body: Json) -> None:
    if "graph" in body:
        body["record_count"] += 1


def two_kinds(body: Json) -> None:
    if body.get("graph", {}).get("nodes"):
        first = body["graph"]["nodes"][0]
        body["graph"]["nodes"].append({**first, "item_category": "AGENT", "item_subtype": "PERSON"})
        body["record_count"] += 1


LIES: tuple[Fault, ...] = (
    Fault("another item", lying(another_item)),
    Fault("another job", lying(another_session), 1),
    Fault("no session", lying(no_session)),
    Fault("success without proof", lying(success_without_proof), 1),
    Fault("success of another kind of job", lying(success_of_another_kind), 1),
    Fault("a job that names another run", lying(another_run), 1),
    Fault("rows that name each other's runs", lying(the_run_of_another_row), 1),
    Fault("rows that all name one run", lying(one_run_for_all_rows), 1),
    Fault("a job that names what is nowhere", lying(a_run_that_is_nowhere), 1),
    Fault("every other run not made", lying(every_other_run_is_not_made), 1),
    Fault("rows repeated", lying(rows_again), 1),
    Fault("null rows with success", lying(null_rows)),
    Fault("rows of another subtype", lying(another_subtype)),
    Fault("a page key that leads back", lying(the_same_page_again)),
    Fault("links repeated", lying(links_again), 1),
    Fault("nodes repeated", lying(nodes_again), 1),
    Fault("links lost", lying(links_lost), 1),
    Fault("links turned round", lying(links_turned), 1),
    Fault("strangers in a graph", lying(a_stranger), 1),
    Fault("two kinds of an item", lying(two_kinds), 1),
    Fault("an item linked, not described", lying(an_item_left_out), 1),
    Fault("links both ways", lying(links_both_ways), 1),
    Fault("links to itself", lying(links_to_itself), 1),
    Fault("impossible links", lying(impossible_links), 1),
    Fault("items miscounted", lying(items_miscounted), 1),
)
