import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.rules.csv.layout import (
    CsvProblem,
)
from provena_mcp.rules.csv.reader import Conversion
from provena_mcp.rules.csv.writer import batch_references, batch_text
from provena_mcp.wire.items import ModelRunRecord
from provena_mcp.wire.jobs import Job
from tests.worlds.authored import a_record, known
from tests.worlds.authored_csv import GOOD, JOB, RECORD, converted


def a_job(record: ModelRunRecord = RECORD, **changes: object) -> Job:
    job = Job(
        session_id=JOB,
        job_sub_type="MODEL_RUN_PROV_LODGE",
        status="SUCCEEDED",
        info="done",
        payload={"record": record.model_dump(mode="json")},
        result={"record": {"id": "10378.1/1900010"}},
    )
    return job.model_copy(update=changes)


def test_a_batch_is_written_as_the_rows_it_was_made_from_with_what_became_of_them() -> None:
    failed = a_job(session_id="other", status="FAILED", info='No "wind".', result=None)
    jobs = [a_job(), failed]
    everything = known()

    assert {reference.id for reference in batch_references("batch", jobs, {})} == {"recipe"}
    text = batch_text("batch", jobs, everything)

    start = ",".join([*GOOD.values()][:-4])
    assert text == (
        ",".join(GOOD) + "\r\n"
        f"{start},{JOB},SUCCEEDED,10378.1/1900010,\r\n"
        f'{start},other,FAILED,,"No ""wind""."\r\n'
    )


def test_a_written_batch_is_read_back_as_submitted_rows() -> None:
    text = batch_text("batch", [a_job()], known())

    assert isinstance(text, str)
    assert converted(text.encode()) == Conversion("recipe", existing=(JOB,))


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).map(str.strip)


@settings(max_examples=100, deadline=None)
@given(
    name=_TEXT.filter(bool),
    notes=_TEXT,
    version=_TEXT,
    times=st.tuples(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000)).map(sorted),
)
def test_any_record_a_csv_can_hold_survives_being_written_and_read(
    name: str, notes: str, version: str, times: list[int]
) -> None:
    annotations = {"scenario": "s"} | ({"notes": notes} if notes else {})
    update = {"display_name": name, "model_version": version or None, "annotations": annotations}
    record = RECORD.model_copy(update=update | {"start_time": times[0], "end_time": times[1]})

    text = batch_text("batch", [a_job(record, session_id="")], known())

    assert isinstance(text, str)
    assert converted(text.encode()).records == (record,)


UNWRITABLE = {
    "no jobs": ([], "", 500),
    "other jobs": (
        [a_job(job_sub_type="GENERATE_REPORT")],
        "The specified batch ID batch contained jobs with non model run lodge job types.",
        400,
    ),
    "several workflow templates": (
        [a_job(), a_job(RECORD.model_copy(update={"workflow_template_id": "other"}))],
        "The specified batch ID batch contained jobs with more than one workflow template IDs.",
        400,
    ),
    "an optional input left out": (
        [a_job(RECORD.model_copy(update={"inputs": RECORD.inputs[:1]}))],
        "No input found in model run record for dataset template: params.",
        400,
    ),
    "an output left out": (
        [a_job(RECORD.model_copy(update={"outputs": ()}))],
        "No output found in model run record for dataset template: result.",
        400,
    ),
    "no annotations": (
        [a_job(RECORD.model_copy(update={"annotations": None}))],
        "Model run record had no annotations, but template had required annotations.",
        400,
    ),
    "a required annotation left out": (
        [a_job(RECORD.model_copy(update={"annotations": {}}))],
        "Workflow template expected annotation with key scenario but it was not provided in the "
        "model run record.",
        400,
    ),
    "an optional resource left out": (
        [a_job(a_record())],
        "Expected deferred resource: override but was not found in model run record.",
        400,
    ),
    "milliseconds": ([a_job(RECORD.model_copy(update={"end_time": 1577923200000}))], "", 500),
}


@pytest.mark.parametrize(("jobs", "detail", "status"), UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_batch_that_fits_no_csv_is_refused_in_the_services_words(
    jobs: list[Job], detail: str, status: int
) -> None:
    (problem,) = _refused(batch_text("batch", jobs, known()))

    assert (problem.service_detail, problem.status) == (detail, status)


def test_a_batch_whose_records_cannot_be_read_is_refused() -> None:
    (problem,) = _refused(batch_text("batch", [a_job(payload={"record": {}})], {}))

    assert problem.status == 500
    assert problem.service_detail.startswith(
        "The specified batch ID batch contained jobs which could not be parsed as valid job payloads. Error: "
    )


def _refused(written: str | tuple[CsvProblem, ...]) -> tuple[CsvProblem, ...]:
    assert not isinstance(written, str)
    return written
