"""Reports, and every document opened or saved for a model that can read no resource."""

import io
import json
import os
import stat
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import docx
import httpx
import pytest
from mcp import Client

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.queries.documents.report_outline import read_outline
from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.recordings.recorded import RECORDINGS
from tests.worlds.deployment import HandClock, Send, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_in, world_client
from tests.worlds.small import dataset, furniture, model_run

RUN = "sample/1000042"
STUDY = "sample/1000031"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GENERATE = "/prov-api/explore/generate/report"
FETCH_JOB = "/job-api/jobs/user/fetch"

OUTLINE = {
    "title": "Model Run Study Close Out Report",
    "heading": "Report for Model Run: Hindcast currents 2016-2017",
    "sections": [
        {"title": "Modelling Team", "text": "<enter your team name here>"},
        {
            "title": "Inputs",
            "count": 4,
            "items": [
                {"id": "sample/1000006", "name": "LagoonFlow", "type": "Model"},
                {"id": "sample/1000013", "name": "Reef bathymetry and outlines", "type": "Dataset"},
                {"id": "sample/1000014", "name": "Bottom friction settings", "type": "Dataset"},
                {"id": "sample/1000039", "name": "Atmospheric forcing 2016-2019, 1 km", "type": "Dataset"},
            ],
        },
        {
            "title": "Model Runs",
            "count": 1,
            "items": [{"id": RUN, "name": "Hindcast currents 2016-2017", "type": "Model Run"}],
        },
        {
            "title": "Outputs",
            "count": 1,
            "items": [
                {
                    "id": "sample/1000041",
                    "name": "Currents and temperature 2016-2019, 1 km",
                    "type": "Dataset",
                }
            ],
        },
    ],
}
OUTLINE_TEXT = """\
Model Run Study Close Out Report
Report for Model Run: Hindcast currents 2016-2017

Modelling Team
<enter your team name here>

Inputs (4)
- Model: LagoonFlow [sample/1000006]
- Dataset: Reef bathymetry and outlines [sample/1000013]
- Dataset: Bottom friction settings [sample/1000014]
- Dataset: Atmospheric forcing 2016-2019, 1 km [sample/1000039]

Model Runs (1)
- Model Run: Hindcast currents 2016-2017 [sample/1000042]

Outputs (1)
- Dataset: Currents and temperature 2016-2019, 1 km [sample/1000041]
"""


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_report_comes_with_its_outline_its_uri_and_a_saved_file(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        result = await client.call_tool("generate_report", {"id": RUN, "save_as": "closeout.docx"})
    made = result.structured_content
    assert made is not None
    assert made == {
        "status": "succeeded",
        "message": "The report is written. Its outline is here; uri is the .docx itself.",
        "id": RUN,
        "item_subtype": "MODEL_RUN",
        "depth": 1,
        "uri": f"provena://report/MODEL_RUN/1/{RUN}?session_id={made['session_id']}",
        "outline": OUTLINE,
        "bytes": made["bytes"],
        "saved_to": str(tmp_path / "saved" / "closeout.docx"),
        "session_id": made["session_id"],
    }
    saved = Path(made["saved_to"]).read_bytes()
    assert len(saved) == made["bytes"]
    assert docx.Document(io.BytesIO(saved)).paragraphs[0].text == OUTLINE["title"]


@pytest.mark.asyncio
async def test_a_study_is_reported_on_to_the_depth_asked_for(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        made = await call(client, "generate_report", id=f"hdl:{STUDY}", depth=2)
    assert (made["item_subtype"], made["depth"]) == ("STUDY", 2)
    assert {section["title"]: section.get("count") for section in made["outline"]["sections"]} == {
        "Modelling Team": None,
        "Inputs": 13,
        "Model Runs": 9,
        "Outputs": 5,
    }


@pytest.mark.asyncio
async def test_a_report_is_read_again_without_a_new_job_by_any_replica(tmp_path: Path):
    async with provena(tmp_path) as wire:
        async with server(wire) as client:
            made = await call(client, "generate_report", id=RUN)
        async with server(wire) as another:
            opened = await call(another, "open_document", uri=made["uri"])
            blob = (await another.read_resource(made["uri"])).contents[0]
    assert (opened["mime_type"], opened["text"]) == (DOCX, OUTLINE_TEXT)
    assert blob.mime_type == DOCX
    assert wire.count(GENERATE) == 1


@pytest.mark.asyncio
async def test_a_report_without_its_session_or_with_an_expired_one_is_made_anew(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        bare = await call(client, "open_document", uri=f"provena://report/MODEL_RUN/1/{RUN}")
        gone = await call(
            client, "open_document", uri=f"provena://report/MODEL_RUN/1/{RUN}?session_id=long-gone"
        )
    assert (bare["text"], gone["text"]) == (OUTLINE_TEXT, OUTLINE_TEXT)
    assert wire.count(GENERATE) == 2


@pytest.mark.asyncio
async def test_the_session_of_another_report_is_refused(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        made = await call(client, "generate_report", id=RUN)
        for other in (("/1/", "/2/"), ("MODEL_RUN", "STUDY"), (RUN, "sample/1000043")):
            error = await failure(client, "open_document", uri=made["uri"].replace(*other))
            assert error["message"] == "This session is not that of this report."


@pytest.mark.asyncio
async def test_a_deployment_that_answers_with_the_document_at_once_is_understood(tmp_path: Path):
    written = io.BytesIO()
    docx.Document().save(written)

    async def at_once(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, content=written.getvalue(), headers={"Content-Type": DOCX})

    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[GENERATE] = at_once
        made = await call(client, "generate_report", id=RUN)
        again = (await client.read_resource(made["uri"])).contents[0]
    assert made["status"] == "succeeded"
    assert made["uri"] == f"provena://report/MODEL_RUN/1/{RUN}"
    assert "session_id" not in made
    assert again.mime_type == DOCX
    assert wire.count(GENERATE) == 1


@pytest.mark.asyncio
async def test_a_report_that_cannot_be_read_is_handed_out_all_the_same(tmp_path: Path):
    async def at_once(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, content=b"PK but no document", headers={"Content-Type": DOCX})

    async with provena(tmp_path) as wire, server(wire, output_dir=str(tmp_path / "saved")) as client:
        wire.spoilt[GENERATE] = at_once
        made = await call(client, "generate_report", id=RUN, save_as="odd.docx")
        opened = await failure(client, "open_document", uri=made["uri"])
    assert made["message"] == (
        "The report is written: save or open uri. The report is not a document that can be read."
    )
    assert "outline" not in made
    assert Path(made["saved_to"]).read_bytes() == b"PK but no document"
    assert opened["kind"] == "MalformedAnswer"


def packed(body: str, styles: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A document of this body and these styles, as programs pack them."""
    opened = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("word/document.xml", f"<w:document {opened}><w:body>{body}</w:body></w:document>")
        archive.writestr("word/styles.xml", f"<w:styles {opened}>{styles}</w:styles>")
    return content.getvalue()


STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="s{number}"><w:name w:val="Style {number}"/></w:style>'
    for number in range(2_000)
)
WIDE = '<w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr>'


@pytest.mark.parametrize(
    ("written", "sections"),
    [
        (lambda: packed('<w:p><w:pPr><w:pStyle w:val="s1999"/></w:pPr></w:p>' * 20_000, STYLES), 0),
        (lambda: packed(f"<w:tbl><w:tr><w:tc>{WIDE}<w:p/></w:tc></w:tr></w:tbl>"), 1),
        (
            lambda: packed(
                "<w:tbl>" + "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr></w:tc></w:tr>" * 5_000 + "</w:tbl>"
            ),
            5_000,
        ),
        (lambda: packed("<w:sdt>" * 100_000 + "</w:sdt>" * 100_000), 0),
        (lambda: packed("<w:p/>" * 600_000), None),
        (lambda: packed(" " * 17_000_000), None),
        (lambda: packed(" " * 17_000_000, method=zipfile.ZIP_LZMA), None),
        (lambda: packed("<!DOCTYPE x>"), None),
        (lambda: packed("")[:-60], None),
        (lambda: b"PK\x01\x02" * 2_000, None),
    ],
    ids=["styles", "spans", "merged", "deep", "tags", "spaces", "method", "declared", "cut", "members"],
)
def test_no_report_costs_more_to_read_than_its_size(written: Callable[[], bytes], sections: int | None):
    """Read without a bound, most of these take minutes or all of the memory."""
    content = written()
    assert len(content) < 80_000
    if sections is None:
        with pytest.raises(MalformedAnswerError):
            read_outline(content)
    else:
        assert len(read_outline(content).sections) == sections


@pytest.mark.asyncio
async def test_a_report_that_takes_longer_than_patience_is_followed_with_get_job(tmp_path: Path):
    clock = HandClock()
    polling = PollPolicy(clock=clock, sleep=clock.sleep)

    async def in_progress(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(await answer.aread())
        body["job"] = {**body["job"], "status": "IN_PROGRESS", "result": None}
        return httpx.Response(200, json=body)

    async with provena(tmp_path) as wire, server(wire, polling=polling) as client:
        wire.spoilt[FETCH_JOB] = in_progress
        made = await call(client, "generate_report", id=RUN)
    assert (made["status"], made["message"]) == (
        "submitted",
        "The report is still being written: ask get_job, then open_document with its uri.",
    )
    assert made["next"] == {
        "tool": "get_job",
        "arguments": {"session_id": made["session_id"], "wait": True},
    }


@pytest.mark.asyncio
async def test_a_report_whose_job_fails_says_why(tmp_path: Path):
    world = [*furniture(), dataset("w/b"), model_run("w/run", ["w/gone"], ["w/b"], 10)]
    async with world_client(tmp_path, world) as client:
        made = await call(client, "generate_report", id="w/run", item_subtype="MODEL_RUN")
        error = await failure(client, "open_document", uri="provena://report/MODEL_RUN/1/w/run")
    assert (made["status"], made["message"]) == ("failed", "Provena could not make the report.")
    assert made["reason"]
    assert error["kind"] == "Rejected"
    assert error["message"].startswith("The report could not be made.")


@pytest.mark.asyncio
async def test_progress_is_told_while_a_report_is_written(tmp_path: Path):
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with sample_client(tmp_path) as client:
        await client.call_tool("generate_report", {"id": STUDY, "depth": 3}, progress_callback=hear)
    assert set(told) <= {"submitted", "pending", "dequeued", "in progress"}
    assert told


@pytest.mark.asyncio
async def test_only_studies_and_runs_are_reported_on(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        error = await failure(client, "generate_report", id="sample/1000006")
    assert (error["kind"], error["message"]) == (
        "WrongSubtype",
        "'sample/1000006' is of subtype MODEL; there are reports on studies and model runs.",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("stated", [None, "STUDY", "MODEL_RUN"])
async def test_a_report_on_nothing_or_on_something_else_is_refused_with_what_it_is(
    tmp_path: Path, stated: str | None
):
    async with sample_client(tmp_path) as client:
        unknown, model = [
            await failure(client, "generate_report", id=item_id, item_subtype=stated)
            for item_id in ("sample/9999999", "sample/1000006")
        ]
    assert (unknown["kind"], "'sample/9999999'" in unknown["message"]) == ("NotFound", True)
    assert (model["kind"], model["message"]) == (
        "WrongSubtype",
        "'sample/1000006' is of subtype MODEL; there are reports on studies and model runs.",
    )


@pytest.mark.asyncio
async def test_a_report_on_a_run_that_is_called_a_study_says_which_it_is(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        error = await failure(client, "generate_report", id=RUN, item_subtype="STUDY")
    assert (error["kind"], error["message"]) == (
        "WrongSubtype",
        f"'{RUN}' is of subtype MODEL_RUN, not STUDY.",
    )


@pytest.mark.asyncio
async def test_prov_documents_hold_handles_with_colons(tmp_path: Path):
    world = [*furniture(), dataset("w/core:12"), model_run("w/run:1", ["w/core:12"], [], 10)]
    world[-1]["prov_serialisation"] = None
    async with world_client(tmp_path, world) as client:
        opened = [
            (await call(client, "open_document", uri=f"provena://prov/{form}/w/run:1"))["text"]
            for form in ("json", "provn", "ttl")
        ]
    assert [
        named in text for named, text in zip(("hdl:w/core:12", "hdl:w/core\\:12"), opened, strict=False)
    ] == [
        True,
        True,
    ]
    assert "<http://hdl.handle.net/w/core:12>" in opened[2]


@pytest.mark.asyncio
async def test_a_file_name_that_cannot_be_used_is_refused_before_a_report_is_begun(tmp_path: Path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "there.docx").write_bytes(b"kept")
    async with provena(tmp_path) as wire, server(wire, output_dir=str(tmp_path / "saved")) as client:
        names = [
            "../out.docx",
            "/tmp/out.docx",
            "there.docx",
            ".hidden",
            "con.docx",
            "com¹.docx",
            "LPT³ .docx",
            *("CON", "nul .docx", "Aux.docx", "com1", "PRN.tar.docx"),
            *(
                "report.docx.",
                "report.docx ",
                "report.",
                "report ",
                "report\0.docx",
                "report.docx:x",
                "report\n",
            ),
        ]
        names += [
            f"report.{ending}"
            for ending in ("bat", "lnk", "LNK", "desktop", "url", "txt", "docx.exe", "docx .bat")
        ]
        errors = [await failure(client, "generate_report", id=RUN, save_as=name) for name in names]
    assert {error["kind"] for error in errors} == {"FileRefused"}
    assert wire.count(GENERATE) == 0
    assert (tmp_path / "saved" / "there.docx").read_bytes() == b"kept"


@pytest.mark.asyncio
async def test_where_saving_is_off_save_as_is_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, output_dir="off") as client:
        error = await failure(client, "open_document", uri=f"provena://item/{RUN}", save_as="item.json")
    assert error["message"] == "Saving files is switched off here."


@pytest.mark.asyncio
async def test_a_document_is_read_in_parts_that_make_the_whole(tmp_path: Path):
    uri = f"provena://lineage/upstream/{STUDY}?depth=3"
    async with sample_client(tmp_path, max_result_tokens=500) as client:
        whole = text_in(await client.read_resource(uri))
        parts = [part async for part in _parts(client, uri)]
        beyond = await failure(client, "open_document", uri=uri, offset=len(whole))
    assert "".join(parts) == whole
    assert beyond["parameter"] == "offset"


async def _parts(client: Client, uri: str) -> AsyncIterator[str]:
    offset: int | None = 0
    while offset is not None:
        opened = await call(client, "open_document", uri=uri, offset=offset)
        yield opened["text"]
        offset = opened.get("next_offset")


@pytest.mark.asyncio
async def test_a_document_is_saved_byte_for_byte(tmp_path: Path):
    uri = f"provena://prov/ttl/{RUN}"
    async with sample_client(tmp_path) as client:
        whole = text_in(await client.read_resource(uri))
        saved = await call(client, "open_document", uri=uri, save_as="run.ttl")
    assert Path(saved["saved_to"]).read_bytes() == whole.encode()
    assert os.name != "posix" or stat.S_IMODE(Path(saved["saved_to"]).stat().st_mode) == 0o600
    assert saved == {
        "uri": uri,
        "mime_type": "text/turtle",
        "bytes": len(whole.encode()),
        "saved_to": str(tmp_path / "saved" / "run.ttl"),
    }


@pytest.mark.asyncio
async def test_a_name_without_an_ending_gets_that_of_the_document(tmp_path: Path):
    asked = {
        "run": f"provena://item/{RUN}",
        "lineage 1.2": f"provena://lineage/upstream/{RUN}?depth=1",
        "drawing": f"provena://diagram/upstream/{RUN}?depth=1",
        "prov": f"provena://prov/ttl/{RUN}",
        "rows": "provena://csv-template/sample/1000011",
        "RUN 2.JSON": f"provena://item/{RUN}",
    }
    async with sample_client(tmp_path) as client:
        saved = [await call(client, "open_document", uri=uri, save_as=name) for name, uri in asked.items()]
        saved.append(await call(client, "generate_report", id=RUN, save_as="study"))
        saved.append(
            await call(client, "generate_csv_template", workflow_template_id="sample/1000011", save_as="runs")
        )
        again = await failure(client, "generate_report", id=RUN, save_as="study")
    assert [Path(each["saved_to"]).name for each in saved] == [
        "run.json",
        "lineage 1.2.json",
        "drawing.mmd",
        "prov.ttl",
        "rows.csv",
        "RUN 2.JSON",
        "study.docx",
        "runs.csv",
    ]
    assert again["message"] == "'study.docx' exists already and is not overwritten."


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_uri_that_is_none_of_ours_is_answered_with_those_that_are(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        errors = [
            await failure(client, "open_document", uri=uri)
            for uri in ("provena://painting/sample/1", "https://example.org/", "", "provena://csv-batch/a/b")
        ]
    assert {error["kind"] for error in errors} == {"Argument"}
    assert "provena://report/{item_subtype}/{depth}/{+id}{?session_id}" in errors[0]["next"]


@pytest.mark.asyncio
async def test_why_a_document_cannot_be_read_is_told_as_by_a_tool(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        missing = await failure(client, "open_document", uri="provena://item/sample/9")
        wire.spoilt["/registry-api/registry/general/fetch"] = answering(503, {"detail": "down"})
        down = await failure(client, "open_document", uri="provena://item/sample/1000042")
    assert (missing["kind"], missing["retry"]) == ("NotFound", "after_change")
    assert (down["kind"], down["fault"], down["retry"]) == ("Unavailable", "deployment", "later")


REPORTS: dict[str, tuple[str, list[int | None]]] = {
    "report_run5_d1_reader": ("Report for Model Run: R5 Decision baseline (diamond)", [None, 3, 1, 1]),
    "report_run5_d3": ("Report for Model Run: R5 Decision baseline (diamond)", [None, 6, 3, 1]),
    "report_study_d1": ("Report for Study: Reef Futures 2030", [None, 15, 16, 11]),
    "report_study_d3": ("Report for Study: Reef Futures 2030", [None, 15, 16, 11]),
}


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("report_*.docx")), ids=lambda file: file.stem)
def test_the_outline_of_a_recorded_report_names_all_its_items(file: Path):
    heading, counts = REPORTS[file.stem]
    content = file.read_bytes()
    outline = read_outline(content)
    assert outline.heading == heading
    assert [section.count for section in outline.sections] == counts
    document = docx.Document(io.BytesIO(content))
    linked = [
        link.text
        for row in document.tables[0].rows
        for paragraph in row.cells[1].paragraphs
        for link in paragraph.hyperlinks
    ]
    assert [item.id for section in outline.sections for item in section.items or ()] == linked
