"""Recorded answers of the real services to good and bad records."""

from typing import Any

import pytest

from provena_mcp.rules.records.references import references
from provena_mcp.rules.records.refusals import wrong_subtype_reason
from provena_mcp.rules.records.schema import read_record, schema_problems
from provena_mcp.rules.records.study_link import link_problems, link_references
from provena_mcp.rules.records.validation import problems
from tests.recordings.recorded import read_json
from tests.rules.recorded_registry import Registry, exchange, params, recorded_items


def about_records(path: str) -> list[Any]:
    """Exchanges that a record's content decides: not a role, a token or bytes that are no JSON."""
    return params(
        "prov.jsonl",
        lambda e: (
            e["request"]["path"] == path
            and e["response"]["status"] != 401
            and not e["name"].endswith(("malformed_json", "missing_reason", "missing_params"))
        ),
    )


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(recorded_items())


def first_answer(raw: Any, registry: Registry, *, loc: tuple[str, ...] = ("body",)) -> tuple[int, Any]:
    """Status and detail a service gives for a record; 200 when it accepts it."""
    malformed = schema_problems(raw, loc)
    if malformed:
        return 422, [problem.as_json() for problem in malformed]
    record = read_record(raw)
    found = problems(record, registry.known(lambda known: references(record, known)))
    return (found[0].status, found[0].service_detail) if found else (200, None)


@pytest.mark.parametrize("recorded", about_records("/model_run/register"))
def test_the_first_problem_of_a_record_is_what_the_service_answered(
    recorded: dict[str, Any], registry: Registry
) -> None:
    response = recorded["response"]

    status, detail = first_answer(recorded["request"].get("json"), registry)

    assert (status, detail) == (response["status"], response["json"].get("detail"))


@pytest.mark.parametrize("recorded", about_records("/model_run/update"))
def test_an_update_is_judged_like_a_registration(recorded: dict[str, Any], registry: Registry) -> None:
    response = recorded["response"]

    status, detail = first_answer(recorded["request"]["json"]["record"], registry, loc=("body", "record"))

    assert (status, detail) == (response["status"], response["json"].get("detail"))


def test_a_malformed_record_of_a_batch_is_located_in_the_batch() -> None:
    recorded = exchange("prov.jsonl", "prov_err_register_batch_malformed")

    found = schema_problems(recorded["request"]["json"]["records"][0], ("body", "records", 0))

    assert [problem.as_json() for problem in found] == recorded["response"]["json"]["detail"]


def test_a_failing_job_of_a_batch_says_what_the_first_problem_says(registry: Registry) -> None:
    job = exchange("job.jsonl", "prov_register_batch_bad_record_list")["response"]["json"]["jobs"][0]
    record = read_record(job["payload"]["record"])

    found = problems(record, registry.known(lambda known: references(record, known)))

    assert [problem.job_info for problem in found] == [job["info"]]


@pytest.mark.parametrize("recorded", about_records("/model_run/edit/link_to_study"))
def test_linking_a_run_to_a_study_is_refused_in_the_services_words(
    recorded: dict[str, Any], registry: Registry
) -> None:
    response, ids = recorded["response"], recorded["request"]["params"]
    run_id, study_id = ids["model_run_id"], ids["study_id"]

    found = link_problems(
        run_id, study_id, registry.known(lambda known: link_references(run_id, study_id, known))
    )

    first = (found[0].status, found[0].service_detail) if found else (200, None)
    assert first == (response["status"], response["json"].get("detail"))


def test_the_registry_words_a_wrong_subtype_as_recorded(registry: Registry) -> None:
    recorded = exchange("registry.jsonl", "registry_fetch_wrong_subtype")
    item = registry.items[recorded["request"]["params"]["id"]]

    assert wrong_subtype_reason(item, "MODEL") == recorded["response"]["json"]["status"]["details"]


def test_every_run_of_the_recorded_world_is_valid(registry: Registry) -> None:
    records = read_json("model_run_records.json")
    listed = records.values() if isinstance(records, dict) else records

    answers = [first_answer(raw, registry) for raw in listed]

    assert answers == [(200, None)] * 13
